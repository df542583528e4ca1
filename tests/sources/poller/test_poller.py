"""A PBX that is asked for its calls, over real connections: what is taken, once, and as what."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from schemas import CallEnded, OneFile
from sources.intake import Intake
from sources.poller.ledger import Ledger
from sources.poller.poller import Poller
from sources.poller.recordings import Limits, Recordings
from sources.poller.settings import PollerSource
from sources.poller.web import ListAway, Web
from sources.state_file import StateInUse, since_of
from streams.errors import SettingsError, TransientError
from streams.payloads import ClaimCheckStore
from tests.servers.three_cx import CLIENT, SECRET, Answer, ThreeCx, three_cx
from tests.sources.folder.test_watcher import Brokers

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Asked:
    """A PBX that is asked; may be ended and begun again."""

    def __init__(self, pbx: ThreeCx, root: Path, **settings: Any) -> None:
        self.pbx, self.root = pbx, root
        (root / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
        given: dict[str, Any] = {"url": pbx.address, "client_id": CLIENT, "secret_file": root / "secret"}
        if "list_path" not in settings:
            given["preset"] = "3cx"
        self.settings = PollerSource(**{**given, **settings})
        self.brokers = Brokers()
        self.intake = Intake(self.brokers)
        self.limits = Limits(1_000_000, 30.0)
        self.start(LONG_AGO)

    def start(self, since: datetime | None = None) -> None:
        self.ledger = Ledger(self.root / "state" / "office.sqlite")
        self.web = Web(self.settings, idle_s=5.0)
        self.recordings = Recordings(self.web, ClaimCheckStore((self.root / "audio").as_uri()), self.limits, 4)
        since = since_of(self.ledger, since)
        self.poller = Poller("office", self.settings, self.ledger, since, self.web, self.recordings)

    async def stop(self) -> None:
        self.recordings.close()
        await self.web.close()
        self.ledger.close()

    async def look(self) -> list[str]:
        """Look once; returns the calls that were handed in meanwhile."""
        before = len(self.brokers.calls)
        await self.poller.work(self.intake)
        return [call.call_id for call in self.brokers.calls[before:]]


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    with three_cx() as pbx:
        asking = Asked(pbx, tmp_path)
        yield asking
        await asking.stop()


def sound_of(call: CallEnded) -> bytes:
    assert isinstance(call.recording, OneFile)
    return Path(call.recording.uri.removeprefix("file://")).read_bytes()


async def test_a_recording_is_downloaded_with_the_token_and_handed_in_with_what_the_list_says(asked: Asked) -> None:
    asked.pbx.add(42, b"RIFF and sound")
    assert await asked.look() == ["3cx-42"]
    [call] = asked.brokers.calls
    assert (call.direction, call.caller, call.agent_id, call.disposition) == (
        "inbound",
        "+905550000042",
        "101",
        "answered",
    )
    assert (str(call.started_at), str(call.ended_at)) == ("2026-11-28 07:42:00+00:00", "2026-11-28 07:42:41+00:00")
    assert call.metadata == {"3cx_did": "+902120000000", "3cx_call_type": "InboundExternal"}
    assert sound_of(call) == b"RIFF and sound"
    assert isinstance(call.recording, OneFile) and call.recording.uri.endswith("-recording.wav")
    assert "Yılmaz" not in call.model_dump_json(), "nobody's name"


async def test_of_a_call_that_went_out_the_customer_is_who_was_called(asked: Asked) -> None:
    called: dict[str, Any] = {"ToCallerNumber": "+905321234567", "ToDn": "10000", "ToDnType": 1}
    asked.pbx.add(1, CallType="OutboundExternal", FromDn="102", FromDnType=0, FromCallerNumber="Ext.102", **called)
    await asked.look()
    [call] = asked.brokers.calls
    assert (call.direction, call.caller, call.agent_id) == ("outbound", "+905321234567", "102")


async def test_a_list_of_many_pages_is_read_to_its_end_by_keys_alone_and_nothing_twice(asked: Asked) -> None:
    asked.pbx.page_limit = 7  # fewer than are asked for, and no link to the next page
    for number in range(1, 51):
        asked.pbx.add(number)
    assert await asked.look() == [f"3cx-{number}" for number in range(1, 51)]
    assert await asked.look() == []
    await asked.stop()
    asked.start()
    assert await asked.look() == []
    downloads = [address for address in asked.pbx.asked if "DownloadRecording" in address]
    assert len(downloads) == len(set(downloads)) == 50


async def test_an_item_that_is_put_into_the_list_late_is_taken_within_the_overlap(asked: Asked) -> None:
    for number in (*range(1, 5), *range(6, 10)):
        asked.pbx.add(number)
    assert len(await asked.look()) == 8
    asked.pbx.add(5)  # committed after its successors
    asked.pbx.add(10)
    assert await asked.look() == ["3cx-5", "3cx-10"]


async def test_what_has_been_in_the_list_for_the_overlap_is_not_asked_for_again(tmp_path: Path) -> None:
    with three_cx() as pbx:
        asked = Asked(pbx, tmp_path, overlap_s=1e-6)
        for number in range(1, 10):
            pbx.add(number)
        await asked.look()
        await asked.look()
        await asked.stop()
        asked.start()
        pbx.asked.clear()
        assert await asked.look() == []
        assert pbx.asked == ["/xapi/v1/Recordings?$orderby=Id%20asc&$top=100&$filter=Id%20gt%209"]
        await asked.stop()


async def test_a_call_that_goes_on_is_waited_for_however_many_come_after_it(tmp_path: Path) -> None:
    with three_cx() as pbx:
        asked = Asked(pbx, tmp_path, overlap_s=1e-6)
        pbx.add(1, EndTime=None)
        pbx.add(2)
        for _ in range(3):
            await asked.look()
        assert [call.call_id for call in asked.brokers.calls] == ["3cx-2"]
        pbx.add(1)
        assert await asked.look() == ["3cx-1"]
        await asked.stop()


async def test_the_token_is_renewed_before_it_ends_and_once_where_it_is_refused(asked: Asked) -> None:
    asked.pbx.add(1)
    await asked.look()
    assert len(asked.pbx.tokens) == 1
    asked.pbx.tokens.clear()  # the PBX was started anew: it knows no token, and says it by 401
    asked.pbx.add(2)
    assert await asked.look() == ["3cx-2"]
    assert len(asked.pbx.tokens) == 1
    asked.pbx.token_s = 0.0
    asked.pbx.tokens.clear()
    with pytest.raises(ListAway, match="answers 401"):
        await asked.look()


async def test_a_token_is_used_no_longer_than_the_pbx_says(asked: Asked) -> None:
    asked.pbx.token_s = 0.05
    asked.pbx.add(1)
    await asked.look()
    await asyncio.sleep(0.1)
    asked.pbx.asked.clear()
    asked.pbx.add(2)
    assert await asked.look() == ["3cx-2"]
    assert len(asked.pbx.tokens) > 1


async def test_a_client_without_its_role_is_told_which_one_it_needs(asked: Asked) -> None:
    asked.pbx.has_role = False
    with pytest.raises(ListAway, match="System Owner"):
        await asked.look()


async def test_a_wrong_secret_is_said_without_it(asked: Asked) -> None:
    asked.settings.secret_file.write_text("hunter2", encoding="utf-8")
    with pytest.raises(ListAway, match=r"gives no token.*secret_file") as raised:
        await asked.look()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "asks", ["7", format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)], ids=["seconds", "date"]
)
async def test_the_pbx_may_ask_to_be_left_alone(asked: Asked, asks: str) -> None:
    asked.pbx.failing["/xapi"] = [(429, b"", {"Retry-After": asks})]
    with pytest.raises(ListAway, match="429") as raised:
        await asked.look()
    assert (raised.value.retry_after_s or 0) >= 7


async def test_a_transfer_that_breaks_off_is_never_taken_for_the_whole_and_keeps_nobody_else_waiting(
    asked: Asked,
) -> None:
    for number in (1, 2, 3):
        asked.pbx.add(number, b"RIFF" + bytes(200_000))
    asked.pbx.breaks_off.add(2)
    assert await asked.look() == ["3cx-1", "3cx-3"]
    assert await asked.look() == ["3cx-2"]
    assert {len(sound_of(call)) for call in asked.brokers.calls} == {200_004}


async def test_a_sound_that_is_not_there_yet_is_waited_for(asked: Asked) -> None:
    asked.pbx.add(1, None)
    asked.pbx.add(2)
    assert await asked.look() == ["3cx-2"]
    assert await asked.look() == []
    asked.pbx.add(1, b"RIFF late")
    assert await asked.look() == ["3cx-1"]


async def test_a_sound_that_never_comes_makes_a_call_without_a_recording(tmp_path: Path) -> None:
    with three_cx() as pbx:
        asked = Asked(pbx, tmp_path, missing_s=1e-6)
        pbx.add(1, None)
        assert await asked.look() == ["3cx-1"]
        [call] = asked.brokers.calls
        assert (call.recording, call.disposition) == (None, "answered")
        await asked.stop()


async def test_what_is_too_large_or_a_page_of_text_is_no_recording(asked: Asked) -> None:
    asked.pbx.add(1, bytes(1_000_001))
    asked.pbx.add(2)
    asked.pbx.failing["/xapi/v1/Recordings/Pbx.DownloadRecording(recId=2)"] = [
        (200, b"<html>wait</html>", {"Content-Type": "text/html; charset=utf-8"})
    ]
    assert await asked.look() == []
    assert await asked.look() == ["3cx-2"]


async def test_the_brokers_are_away_and_nothing_is_noted_that_they_have_not_confirmed(asked: Asked) -> None:
    asked.pbx.add(1)
    asked.brokers.away = True
    with pytest.raises(ListAway, match="not confirmed"):
        await asked.look()
    asked.brokers.away = False
    assert await asked.look() == ["3cx-1"]


async def test_killed_before_it_is_noted_the_same_event_comes_again(asked: Asked) -> None:
    asked.pbx.add(1)
    await asked.look()
    await asked.stop()
    (asked.root / "state" / "office.sqlite").unlink()  # as if nothing had been noted
    asked.start(LONG_AGO)
    await asked.look()
    first, second = asked.brokers.calls
    assert first == second


async def test_a_download_that_takes_too_long_is_given_up_and_the_others_are_taken(asked: Asked) -> None:
    await asked.stop()
    asked.limits = Limits(1_000_000, 0.5)
    asked.start()
    asked.pbx.on_sound = lambda number: time.sleep(3.0 if number == 1 else 0.0)
    asked.pbx.add(1)
    asked.pbx.add(2)
    assert await asked.look() == ["3cx-2"]
    with pytest.raises(TransientError, match="not whole after"):
        await asked.look()
    asked.pbx.on_sound = lambda _: None
    assert await asked.look() == ["3cx-1"]


async def test_the_first_start_takes_nothing_that_ended_before_it_and_an_earlier_since_takes_older_ones(
    tmp_path: Path,
) -> None:
    with three_cx() as pbx:
        asked = Asked(pbx, tmp_path, overlap_s=1e-6)
        for number in range(1, 7):
            pbx.add(number)
        await asked.stop()
        asked.start(datetime(2026, 11, 28, 7, 5, tzinfo=UTC))
        assert await asked.look() == ["3cx-5", "3cx-6"]
        await asked.look()
        await asked.stop()
        asked.start(LONG_AGO)
        assert await asked.look() == ["3cx-1", "3cx-2", "3cx-3", "3cx-4"]  # seen before, and too old then
        assert await asked.look() == []
        await asked.stop()


async def test_an_item_that_breaks_a_rule_is_refused_once_and_keeps_nobody_waiting(
    asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    asked.pbx.add(1, StartTime="yesterday")
    asked.pbx.add(2)
    with caplog.at_level(logging.WARNING):
        assert await asked.look() == ["3cx-2"]
        assert await asked.look() == []
    [line] = [record for record in caplog.records if record.message == "an item is refused"]
    assert "yesterday" not in str(vars(line)), "no value of an item"


async def maps_addresses(asked: Asked) -> None:
    """Begin again with a mapping that takes each recording's address from the list."""
    own = asked.root / "own.yaml"
    own.write_text(
        "about: a test\ncall:\n  call_id: text(body.Url)\n  ended_at: moment(body.EndTime)\n"
        "  recording: {uri: body.Url}\n",
        encoding="utf-8",
    )
    await asked.stop()
    asked.settings = asked.settings.model_copy(update={"mapping": str(own)})
    asked.start()


@pytest.mark.parametrize(
    "odd", ["{}/1\u0007.wav", "{}/a\tb.wav", "{}/a\nb.wav", "https://[pbx/1.wav", "https://pbx:x/1.wav"]
)
async def test_an_address_that_is_none_holds_up_no_other_call(asked: Asked, odd: str) -> None:
    await maps_addresses(asked)
    asked.pbx.add(1, Url=odd.format(asked.pbx.address))
    address = f"{asked.pbx.address}/xapi/v1/Recordings/Pbx.DownloadRecording(recId=2)"
    asked.pbx.add(2, Url=address)
    assert address in await asked.look()


async def test_the_token_goes_nowhere_but_to_the_address_of_the_settings(asked: Asked) -> None:
    with three_cx() as other:
        await maps_addresses(asked)
        addresses = {
            1: f"{other.address}/xapi/v1/Recordings/Pbx.DownloadRecording(recId=1)",
            2: f"{asked.pbx.address}@evil.example/x.wav",
            3: "file:///etc/passwd",
        }
        for number, address in addresses.items():
            asked.pbx.add(number, Url=address)
        asked.pbx.failing["/xapi/v1/Recordings/Pbx"] = [(302, b"", {"Location": other.address})]
        asked.pbx.add(4, Url=f"{asked.pbx.address}/xapi/v1/Recordings/Pbx.DownloadRecording(recId=4)")
        await asked.look()
        assert other.asked == []
        assert [call.recording.uri for call in asked.brokers.calls if isinstance(call.recording, OneFile)] == [
            *addresses.values()  # the audio stage decides what it fetches, and without this login
        ]


async def test_a_pbx_that_answers_with_something_else_is_named(asked: Asked) -> None:
    answers: list[tuple[Answer, str]] = [
        ((200, b"<html>", {}), "no JSON"),
        ((200, b'{"value": [{"Id": null}]}', {}), "no list of items"),
        ((200, b'{"value": [{"Id": 1}, {"Id": "b"}]}', {}), "no list of items"),
        ((200, b'{"value": 4}', {}), "no list of items"),
        ((200, b"[]", {}), "no list of items"),
        ((301, b"", {"Location": "https://elsewhere.example"}), "leads elsewhere"),
        ((404, b"", {}), "no such list"),
        ((500, b"a customer's number", {}), "answers 500. It is tried again"),
    ]
    for answer, message in answers:
        asked.pbx.failing["/xapi"] = [answer]
        with pytest.raises(ListAway, match=message):
            await asked.look()
    asked.pbx.add(1)
    assert await asked.look() == ["3cx-1"]


async def test_a_list_of_another_kind_is_asked_as_the_file_says(tmp_path: Path) -> None:
    with three_cx() as pbx:
        own = tmp_path / "own.yaml"
        own.write_text(
            "about: a test\ncall: {call_id: text(to_string(body.Id)), ended_at: moment(body.EndTime),"
            " recording: '`null`', disposition: \"'missed'\"}\n",
            encoding="utf-8",
        )
        asked = Asked(
            pbx,
            tmp_path,
            list_path="/xapi/v1/Recordings",
            query={"$orderby": "Id asc", "$top": "2"},
            start={"$filter": "Id gt 0"},
            after={"$filter": "Id gt {cursor}"},
            items="value[?Id != `3`]",
            key="Id",
            mapping=str(own),
            token_path="/connect/token",
            call_id_prefix="ankara-",
        )
        for number in range(1, 5):
            pbx.add(number)
        assert await asked.look() == ["ankara-1", "ankara-2", "ankara-4"]
        await asked.stop()


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"items": "value["}, "items is no JMESPath"), ({"key": "nothing(Id)"}, "no function nothing")],
)
async def test_an_expression_that_is_none_stops_the_start(
    tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    with three_cx() as pbx, pytest.raises(SettingsError, match=message):
        Asked(pbx, tmp_path, **changed)


async def test_two_processes_do_not_ask_for_the_same_source(asked: Asked) -> None:
    with pytest.raises(StateInUse, match="in use"):
        Ledger(asked.root / "state" / "office.sqlite")
