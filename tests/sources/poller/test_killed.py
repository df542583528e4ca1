"""The process that asks a PBX, killed at seeded moments while calls end: the PBX is away now and then, and late."""

import random
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from schemas import OneFile
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S
from tests.servers.three_cx import CLIENT, SECRET, ThreeCx, three_cx
from tests.sources.processes import handed_in, source, variables

CALLS, KILLS, SECONDS = 60, 4, 6.0


def end_calls(pbx: ThreeCx) -> None:
    """Let calls end, some of them later in the list than their successors, and the PBX fail in each way meanwhile."""
    chance = random.Random(4)
    order = list(range(1, CALLS + 1))
    for place in range(0, CALLS - 4, 4):
        order[place : place + 4] = chance.sample(order[place : place + 4], 4)
    for number in order:
        pbx.add(number, b"RIFF" + bytes([number]) * chance.randrange(1000, 300_000))
        if chance.random() < 0.3:
            pbx.breaks_off.add(number)
        if chance.random() < 0.1:
            pbx.failing["/xapi/v1/Recordings"] = [(503, b"", {"Retry-After": "0"})]
        if chance.random() < 0.1:
            pbx.tokens.clear()
        time.sleep(SECONDS / CALLS)


@pytest.mark.slow  # make test-slow
@pytest.mark.integration
def test_a_poller_that_is_killed_loses_no_call_and_makes_none_twice(real_kafka: KafkaSettings, tmp_path: Path) -> None:
    chance = random.Random(21)
    with three_cx() as pbx:
        (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
        office = {"preset": "3cx", "url": pbx.address, "client_id": CLIENT, "secret_file": str(tmp_path / "secret")}
        environment = variables(real_kafka, tmp_path, {"pollers": {"office": {**office, "poll_s": 0.1}}})
        asking = partial(source, environment, "poller", "--since", "2000-01-01T00:00Z")
        ending = threading.Thread(target=end_calls, args=(pbx,))
        ending.start()
        for _ in range(KILLS):
            process, had = asking(), len(pbx.asked)
            while len(pbx.asked) == had:  # a start takes long on a machine that is busy
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 1.0))
            process.kill()
            assert process.wait() == -signal.SIGKILL
        ending.join()
        process = asking()
        try:
            events = handed_in(real_kafka, lambda found: len({event.call_id for event in found}) == CALLS)
        finally:
            process.terminate()
        assert process.wait(PATIENCE_S) == 0
        assert {event.call_id for event in events} == {f"3cx-{number}" for number in range(1, CALLS + 1)}
        # handed in again after a kill, it is the same event
        assert len({event.event_id for event in events}) == CALLS
        for event in events:
            assert isinstance(event.recording, OneFile)
            sound = Path(event.recording.uri.removeprefix("file://")).read_bytes()
            assert sound == pbx.sounds[int(event.call_id.removeprefix("3cx-"))]
