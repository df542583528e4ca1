"""Call detail records that a real Asterisk wrote, and those that it writes otherwise."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schemas import CallEnded
from sources.asterisk.cdr import CdrCall, UnreadableCdr, calls
from sources.observation import Observation, call_ended
from tests.sources.asterisk.traces import FOLDER, TRUNKS

UTC_ZONE = ZoneInfo("UTC")
FREEPBX = (
    "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,"
    "accountcode,uniqueid,userfield,did,cnum,cnam,outbound_cnum,outbound_cnam,dst_cnam,recordingfile,linkedid,"
    "peeraccount,sequence"
)


def found(path: Path = FOLDER / "22.cdr.csv", zone: ZoneInfo = UTC_ZONE) -> dict[str, CdrCall]:
    with path.open(encoding="utf-8", newline="") as file:
        return {call.linked_id: call for call in calls(file, zone)}


@pytest.mark.parametrize(
    ("linked_id", "answered", "how"),
    [
        ("1795792923.0", True, None),
        ("1795792935.8", True, None),
        ("1795792947.16", True, None),
        ("1795792954.24", True, None),
        ("1795792959.32", False, "abandoned"),
        ("1795792970.40", False, "missed"),
        ("1795792975.43", False, "busy"),
        ("1795792977.46", False, "missed"),
        ("1795793015.89", True, None),
        ("1795793123.13", False, "abandoned"),
        ("1795793131.15", False, "missed"),
    ],
)
def test_several_rows_are_one_call_that_somebody_took_or_not(linked_id: str, answered: bool, how: str | None) -> None:
    """What runs after the hang-up, a menu and a mailbox all have rows that say ANSWERED."""
    call = found()[linked_id]
    assert call.answered is answered
    if how:
        assert call.how == how


@pytest.mark.parametrize("linked_id", ["1795793108.4", "1795793114.8"])
def test_a_call_that_went_out_is_told_as_the_manager_interface_tells_it(linked_id: str) -> None:
    told = found()[linked_id].content("", None, TRUNKS)
    assert "caller" not in told
    assert (told["direction"], told["agent_id"]) == ("outbound", "101")
    assert told["metadata"]["called"] == "2125550000"


def test_a_call_that_came_in_has_its_caller() -> None:
    told = found()["1795792935.8"].content("", None, TRUNKS)
    assert (told["direction"], told["caller"]) == ("inbound", "2125550000")


def test_every_call_can_be_told() -> None:
    for call in found().values():
        told = call.content("", "file:///mnt/monitor/%Y/%m/%d")
        assert isinstance(call_ended(Observation("tests", told)), CallEnded)


def test_a_call_is_what_the_manager_interface_calls_it() -> None:
    call = found()["1795792935.8"]
    told = call.content("pbx1-", "file:///mnt/monitor/%Y/%m/%d")
    assert told["call_id"] == "pbx1-1795792935.8"
    assert told["recording"] == {"uri": "file:///mnt/monitor/2026/11/27/q-1795792935.8.wav"}
    assert (told["caller"], told["agent_id"], told["queue"]) == ("2125550000", "101", "sales")
    assert "q-1795792935.8" in call.ids("")


def test_of_two_recordings_the_one_with_more_talk_is_the_calls() -> None:
    told = found()["1795793015.89"].content("", "file:///m")
    assert len(told["metadata"]["more_recordings"]) == 1


def test_a_call_inside_the_house_is_told_by_its_channels() -> None:
    """The consultation of an attended transfer has a Linkedid of its own."""
    inside = [call.linked_id for call in found().values() if call.is_internal(TRUNKS)]
    assert "1795792983.51" in inside
    assert "1795792981.49" not in inside
    assert not found()["1795792983.51"].is_internal([])


def test_a_file_without_header_is_read_by_its_columns() -> None:
    [call] = found(FOLDER / "22-01-plain.master.csv").values()
    assert call.answered
    assert call.began_at == datetime(2026, 11, 27, 15, 22, 3, tzinfo=UTC)


def test_freepbx_has_other_names() -> None:
    row = (
        '2026-11-27 15:22:03,"x <1>",05321234567,600,ext-queues,PJSIP/t-1,Local/201@from-queue-1;1,Queue,"600,t,,",7,5,'
        "ANSWERED,3,,1795792923.0,,,05321234567,,,,,q-600-05321234567-20261127-152203-1795792923.0.wav,1795792923.0,,1"
    )
    [call] = calls([FREEPBX, row], ZoneInfo("Europe/Istanbul"))
    assert call.began_at == datetime(2026, 11, 27, 12, 22, 3, tzinfo=UTC)
    assert (call.caller, call.queue, call.answered) == ("05321234567", "600", True)


def test_a_mailbox_is_nobody() -> None:
    rows = [
        "2026-11-27 15:22:03,,05321234567,201,c,PJSIP/t-1,PJSIP/201-2,Dial,,9,0,NO ANSWER,3,,1.0,,,,,,,,,1.0,,1",
        "2026-11-27 15:22:12,,05321234567,vmu201,c,PJSIP/t-1,,VoiceMail,,20,20,ANSWERED,3,,1.0,,,,,,,,,1.0,,2",
    ]
    [call] = calls([FREEPBX, *rows], UTC_ZONE)
    assert (call.answered, call.how) == (False, "voicemail")


@pytest.mark.parametrize("second", [0, 3600])
def test_in_the_night_of_the_clock_change_the_uniqueid_says_which_hour_it_was(second: int) -> None:
    """02:30 comes twice in Berlin; a Uniqueid begins with seconds since 1970."""
    began = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() + second
    row = (
        f"2026-10-25 02:30:00,,1,2,c,PJSIP/t-1,PJSIP/201-2,Dial,,7,5,ANSWERED,3,,{began:.0f}.1,,,,,,,,,{began:.0f}.1,,1"
    )
    [call] = calls([FREEPBX, row], ZoneInfo("Europe/Berlin"))
    assert call.began_at.timestamp() == began


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a,b,c"], "lacks"),
        (["disposition,start"], "lacks channel"),
        ([FREEPBX, "1,2,3"], "line 2 has 3 columns, not 26"),
        ([FREEPBX, "yesterday" + "," * 25], "line 2 has no times"),
    ],
)
def test_a_file_that_is_none_is_refused_by_line(lines: list[str], said: str) -> None:
    with pytest.raises(UnreadableCdr, match=said):
        calls(lines, UTC_ZONE)


def test_an_empty_file_has_no_calls() -> None:
    assert calls([], UTC_ZONE) == []
