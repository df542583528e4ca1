"""The process that listens to a real Asterisk, killed at seeded moments while calls go on."""

import asyncio
import random
import re
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from deploy.laptop.kafka import free_ports
from schemas import FilePerSpeaker
from sources.asterisk.wire import action
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S
from tests.servers.asterisk import asterisk
from tests.sources.asterisk.test_real import TEST_DIALPLAN, TEST_USER, shown
from tests.sources.processes import handed_in, source, variables

CALLS, KILLS, SECONDS = 40, 5, 40.0
TALK_S = 12
"""Longer than a start of the process takes: of a call that begins and ends while nobody listens only the PBX's own
records tell (``callsift reconcile``)."""


async def originate(port: int, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(action("Login", "1", Username="starter", Secret="starter", Events="off"))
    call = {"Channel": "Local/talk@customers/n", "Context": "from-operator", "Exten": "5551001", "Priority": "1"}
    writer.write(action("Originate", "2", **call, CallerID=f"<212555{number:04}>", Async="true"))
    await reader.readuntil(b"successfully queued")
    writer.close()


@pytest.mark.slow  # make asterisk
@pytest.mark.integration
def test_a_listener_that_is_killed_loses_no_call_and_makes_none_twice(
    real_kafka: KafkaSettings, tmp_path: Path
) -> None:
    chance, port, log = random.Random(22), next(free_ports()), tmp_path / "log"
    files = {"manager.conf": shown("manager.conf") + TEST_USER}
    dialplan = re.sub(r"Wait\(2\)", f"Wait({TALK_S})", TEST_DIALPLAN)
    files["extensions.conf"] = dialplan + shown("extensions.conf")
    (tmp_path / "secret").write_text("tell-nobody", encoding="utf-8")
    with asterisk(files, port) as monitor, log.open("wb") as said:
        inside = re.sub(r".*(/tmp/asterisk-.*)", r"\1", str(monitor))
        pbx = {"host": "127.0.0.1", "port": port, "secret_file": str(tmp_path / "secret"), "legs": ["-r", "-t"]}
        pbx |= {"trunks": ["Local/talk@customers"], "folder": inside, "address": "file:///mnt"}
        environment = variables(real_kafka, tmp_path, {"asterisks": {"pbx": pbx}})
        listen = partial(source, environment, "asterisk", log=said)
        process = listen()
        until_listening(log, 1)

        def ring() -> None:
            for number in range(CALLS):
                asyncio.run(originate(port, number))
                time.sleep(SECONDS / CALLS)

        ringing = threading.Thread(target=ring)
        ringing.start()
        for killed in range(1, KILLS + 1):
            time.sleep(chance.uniform(0.5, 2 * SECONDS / (KILLS + 1) - 0.5))
            process.kill()
            assert process.wait() == -signal.SIGKILL
            process = listen()
            until_listening(log, killed + 1)
        ringing.join()
        try:
            events = handed_in(real_kafka, lambda found: len({event.call_id for event in found}) >= CALLS)
        finally:
            process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert {event.caller for event in events} == {f"212555{number:04}" for number in range(CALLS)}
        # handed in again after a kill, it is the same event
        assert len({event.call_id for event in events}) == len({event.event_id for event in events}) == CALLS
        for event in events:
            assert isinstance(event.recording, FilePerSpeaker), event
            assert all((monitor / Path(uri).name).exists() for uri in event.recording.uris)


def until_listening(log: Path, times: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while log.read_text(encoding="utf-8").count("is listened to") < times:
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")[-2000:]
        time.sleep(0.05)
