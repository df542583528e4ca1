"""A real Asterisk, with the dialplan and the login that docs/asterisk.md shows. Both sides of a call play a tone."""

import asyncio
import re
import wave
from pathlib import Path
from typing import Any

import pytest

from deploy.laptop.kafka import free_ports
from schemas import CallEnded, FilePerSpeaker
from sources.asterisk.settings import AsteriskSource
from sources.asterisk.wire import action
from tests.servers.asterisk import asterisk
from tests.sources.asterisk.test_listener import listening, until
from tests.sources.folder.test_watcher import Brokers

DOCS = (Path(__file__).parents[3] / "docs" / "asterisk.md").read_text(encoding="utf-8")
TEST_DIALPLAN = """
[globals]
AGENT = Local/talk@agents/n
[customers]
exten => talk,1,Answer()
 same => n,Wait(0.5)
 same => n,Milliwatt()
[agents]
exten => talk,1,Wait(0.5)
 same => n,Answer()
 same => n,Wait(2)
 same => n,Hangup()
[nobody]
exten => _X.,1,Gosub(callsift-record,s,1)
 same => n,Dial(Local/ring@nobody/n,1)
 same => n,Hangup()
exten => ring,1,Wait(20)
"""
TEST_USER = """
[starter]
secret = starter
permit = 127.0.0.1/255.255.255.255
read = call
write = originate
"""


def shown(name: str) -> str:
    """Return a file that the page shows."""
    found = re.search(rf"<!-- {re.escape(name)}: .*?-->\n```ini\n(.*?)```", DOCS, re.DOTALL)
    assert found, name
    return found[1]


async def originate(port: int, context: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(action("Login", "1", Username="starter", Secret="starter", Events="off"))
    call = {"Channel": "Local/talk@customers/n", "Context": context, "Exten": "5551001", "Priority": "1"}
    writer.write(action("Originate", "2", **call, CallerID="<2125550000>", Async="true"))
    await reader.readuntil(b"successfully queued")
    writer.close()


@pytest.mark.slow  # `make asterisk`
@pytest.mark.integration
async def test_a_call_of_a_real_asterisk_is_told_with_both_directions(tmp_path: Path) -> None:
    brokers, port = Brokers(), next(free_ports())
    files = {"manager.conf": shown("manager.conf") + TEST_USER}
    files["extensions.conf"] = TEST_DIALPLAN + shown("extensions.conf")
    with asterisk(files, port) as monitor:
        given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "secret_file": tmp_path / "secret"}
        (tmp_path / "secret").write_text("tell-nobody", encoding="utf-8")
        # the customer is the half of the Local channel that runs the dialplan
        where = AsteriskSource(**given, trunks=("Local/talk@customers",), address="file:///mnt")
        inside = re.sub(r".*(/tmp/asterisk-.*)", r"\1", str(monitor))
        states = list[bool]()
        async with listening(where.model_copy(update={"folder": inside}), brokers, states.append):
            await until(lambda: states)
            await originate(port, "from-operator")
            await until(lambda: len(brokers.calls) == 1)
            await originate(port, "nobody")
            await until(lambda: len(brokers.calls) == 2)
        answered, missed = brokers.calls
        assert isinstance(answered.recording, FilePerSpeaker)
        lengths = [length(monitor / Path(uri).name) for uri in answered.recording.uris]
    assert (answered.disposition, answered.caller, answered.direction) == ("answered", "2125550000", "inbound")
    assert answered.recording.customer.uri.endswith("-r.wav")
    assert all(1.0 < seconds < 6.0 for seconds in lengths), lengths
    assert isinstance(missed, CallEnded)
    assert (missed.disposition, missed.recording) == ("missed", None)


def length(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())
