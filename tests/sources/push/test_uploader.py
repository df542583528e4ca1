"""Recordings from a PBX's own machine, over real connections that fail in every way: none lost, none twice."""

import asyncio
import errno
import json
import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callsift.pushing import push_once, state_of, watched
from sources.backoff import Backoff
from sources.folder.ledger import Ledger
from sources.folder.settings import FolderSource
from sources.observation import Observation, Refused
from sources.push.uploader import Uploader
from tests.servers.upload_api import UploadApi, upload_api
from tests.sources.folder.test_wav import written

Q = "2025/03/27/q-600-05321234567-20250327-092517-1743042317.{}.wav"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PROBLEM = {"Content-Type": "application/problem+json"}


class Pushed:
    """A folder that is pushed; the process may be ended and begun again, and pauses take no time."""

    def __init__(self, api: UploadApi, root: Path, **settings: Any) -> None:
        self.root, self.folder = root, root / "monitor"
        self.folder.mkdir(exist_ok=True)
        given = {"preset": "freepbx", "path": str(self.folder), "poll_s": 1e-6, "settle_s": 1e-6}
        self.settings = FolderSource(**{**given, **settings})
        self.key: str | None = "cs_live_key"
        self.address = api.address
        self.start()

    def start(self) -> None:
        self.ledger = Ledger(state_of(self.folder, self.root / "state"))
        self.uploader = Uploader(self.address, self.folder, lambda: self.key, None, Backoff(longest_s=1e-6))
        self.watcher = watched(self.settings, self.ledger, LONG_AGO)

    def stop(self) -> None:
        self.uploader.close()
        self.ledger.close()

    def put(self, name: str, content: bytes = b"") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or written(1.5))
        return path

    async def look(self, count: int = 1) -> int:
        """Look so often, and return how many calls were pushed so far."""
        for _ in range(count):
            await push_once(self.watcher, self.ledger, self.uploader, 1e-6)
        return self.uploader.progress.pushed


@pytest.fixture
def api() -> Iterator[UploadApi]:
    with upload_api() as running:
        yield running


@pytest.fixture
def pushed(api: UploadApi, tmp_path: Path) -> Iterator[Pushed]:
    pushing = Pushed(api, tmp_path)
    yield pushing
    pushing.stop()


async def test_a_recording_is_handed_in_with_what_its_name_says_and_a_name_that_says_nothing(
    pushed: Pushed, api: UploadApi
) -> None:
    path = pushed.put(Q.format(1))
    assert await pushed.look() == 1
    [upload] = api.calls
    assert upload.files == {"recording": path.read_bytes()}
    assert upload.names == {"recording": "recording.wav"}
    told = {name: upload.event[name] for name in ("caller", "queue", "started_at", "ended_at", "recording")}
    assert told == {
        "caller": "05321234567",
        "queue": "600",
        "started_at": "2025-03-27T02:25:17+00:00",
        "ended_at": "2025-03-27T02:25:18.500000+00:00",
        "recording": {},
    }
    assert api.authorizations == {"Bearer cs_live_key"}


async def test_a_file_for_each_speaker_and_a_stereo_file_say_who_is_where(api: UploadApi, tmp_path: Path) -> None:
    pushed = Pushed(
        api,
        tmp_path,
        channels={"customer": 1, "agent": 0},
        pattern=r".*?(?P<customer>-r)?(?P<agent>-t)?(?P<stereo>-s)?",
    )
    pushed.put("1-r.wav", written(1.0))
    pushed.put("1-t.wav", written(1.2))
    pushed.put("2-s.wav")
    assert await pushed.look() == 2
    legs, stereo = sorted(api.calls, key=lambda upload: len(upload.files), reverse=True)
    assert {name: len(sound) for name, sound in legs.files.items()} == {
        "customer": len(written(1.0)),
        "agent": len(written(1.2)),
    }
    assert stereo.event["recording"] == {"channels": {"customer": 1, "agent": 0}}
    pushed.stop()


async def test_json_beside_a_recording_is_heeded_and_leads_to_no_other_file(
    pushed: Pushed, api: UploadApi, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"a secret")
    (pushed.folder / "link.wav").symlink_to(secret)
    wanted: list[dict[str, Any]] = [
        {"recording": {"uri": secret.as_uri()}},
        {"recording": {"uri": f"file://{pushed.folder}/../secret"}},
        {"recording": {"uri": (pushed.folder / "link.wav").as_uri()}},
        {"queue": "sales"},
        {"recording": None, "disposition": "missed"},
        {"recording": {"uri": "https://pbx.example/1.wav"}},
    ]
    for number, sidecar in enumerate(wanted):
        path = pushed.put(Q.format(number))
        path.with_suffix(".json").write_text(json.dumps(sidecar), encoding="utf-8")
    await pushed.look(3)
    assert pushed.uploader.progress.refused == 3
    by_queue = {upload.event.get("queue"): upload for upload in api.calls}
    assert by_queue["sales"].files
    rest = [upload for upload in api.calls if not upload.files]
    assert [upload.event["recording"] for upload in rest] in (
        [None, {"uri": "https://pbx.example/1.wav"}],
        [{"uri": "https://pbx.example/1.wav"}, None],
    )
    assert b"a secret" not in b"".join(sound for upload in api.calls for sound in upload.files.values())


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_connection_that_breaks_is_tried_again_and_the_call_taken_once(
    pushed: Pushed, api: UploadApi, cut: str
) -> None:
    for number in range(3):
        pushed.put(Q.format(number))
    api.cut = [cut, cut]
    await pushed.look(6)
    assert pushed.uploader.progress.pushed == len(api.calls) == 3
    assert api.repeated == (2 if cut == "after" else 0)


@pytest.mark.parametrize(
    "answer",
    [
        (401, PROBLEM),
        (403, PROBLEM),
        (404, {}),
        (409, PROBLEM),
        (429, PROBLEM),
        (500, {}),
        (502, {}),
        (503, PROBLEM),
        (301, {"Location": "https://elsewhere.example/v1/calls"}),
        (413, {"Content-Type": "text/html"}),
        (400, {"Content-Type": "text/html"}),
    ],
)
async def test_what_is_not_about_the_call_keeps_it_waiting(
    pushed: Pushed, api: UploadApi, answer: tuple[int, dict[str, str]]
) -> None:
    pushed.put(Q.format(1))
    api.instead = [answer]
    await pushed.look()
    assert (pushed.uploader.progress.refused, api.calls) == (0, [])
    assert pushed.uploader.progress.problem
    assert await pushed.look() == 1
    assert pushed.uploader.progress.problem is None


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_call_that_the_api_refuses_is_counted_and_the_next_one_taken(
    pushed: Pushed, api: UploadApi, status: int
) -> None:
    pushed.put(Q.format(1))
    api.instead = [(status, PROBLEM)]
    await pushed.look(2)
    pushed.put(Q.format(2))
    await pushed.look(2)
    assert (pushed.uploader.progress.refused, pushed.uploader.progress.pushed, api.requests) == (1, 1, 2)


async def test_an_api_that_asks_for_a_pause_is_left_alone_for_as_long(pushed: Pushed, api: UploadApi) -> None:
    pushed.put(Q.format(1))
    api.instead = [(503, {"Retry-After": "900"})]
    await pushed.look(5)
    assert api.requests == 1
    assert 800 < pushed.uploader.rest_s <= 900


async def test_a_new_key_needs_no_restart(pushed: Pushed, api: UploadApi) -> None:
    pushed.put(Q.format(1))
    api.instead = [(401, PROBLEM)]
    await pushed.look()
    pushed.key = "cs_live_other"
    assert await pushed.look() == 1
    assert api.authorizations == {"Bearer cs_live_other"}


async def test_nothing_is_sent_twice_after_a_restart(pushed: Pushed, api: UploadApi) -> None:
    for number in range(5):
        pushed.put(Q.format(number))
    await pushed.look()
    pushed.stop()
    pushed.start()
    assert await pushed.look(2) == 0
    assert api.requests == 5


async def test_a_day_without_a_network_loses_nothing_and_memory_does_not_grow_with_it(
    pushed: Pushed, api: UploadApi
) -> None:
    """A day in 24 looks, one each hour, with six calls each: nobody listens until it is over."""
    there, pushed.uploader._address = pushed.uploader._address, "http://127.0.0.1:9/v1/calls"
    sound = written(0.2)
    for hour in range(24):
        for number in range(6):
            pushed.put(Q.format(f"{hour}{number:02}"), sound)
        await pushed.look()
        if hour == 3:
            before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 20_000
    assert pushed.ledger.count_waiting() == 24 * 6
    assert "does not answer" in (pushed.uploader.progress.problem or "")
    pushed.uploader._address = there
    await pushed.look(3)
    assert len(api.calls) == len({upload.event["call_id"] for upload in api.calls}) == 24 * 6
    assert pushed.ledger.count_waiting() == 0


def test_pauses_grow_by_chance_and_have_an_end() -> None:
    pauses = [[one.failed() for _ in range(200)] for one in (Backoff() for _ in range(20))]
    assert all(0 < one[0] <= 2.0 for one in pauses)
    assert max(max(one) for one in pauses) <= 300.0
    assert len({one[20] for one in pauses}) == 20, "not all come back at the same moment"
    # so that a day without a network costs a request every other minute, not 40,000
    assert all(sum(one) > 200 * 100 for one in pauses)


async def test_a_file_that_grows_while_it_is_sent_is_sent_whole_afterwards(pushed: Pushed, api: UploadApi) -> None:
    path = pushed.put(Q.format(1))
    seen = Observation(
        "push", {"call_id": "1", "ended_at": "2026-01-01T00:00:00Z", "recording": {"uri": path.as_uri()}}
    )
    api.slow_s = 0.2
    sending = asyncio.create_task(pushed.uploader.take([seen]))
    await asyncio.sleep(0.05)
    with path.open("ab") as file:
        file.write(bytes(1000))
    [result] = await sending
    [again] = await pushed.uploader.take([seen])
    assert not isinstance(again, Refused)
    assert api.calls[-1].files["recording"] == path.read_bytes()
    assert result is not None


async def test_a_recording_that_cannot_be_read_is_said_without_its_name(pushed: Pushed) -> None:
    folder = pushed.folder / "0532.wav"
    folder.mkdir()
    seen = Observation(
        "push", {"call_id": "1", "ended_at": "2026-01-01T00:00:00Z", "recording": {"uri": folder.as_uri()}}
    )
    [result] = await pushed.uploader.take([seen])
    assert isinstance(result, Refused)
    assert (result.reason, "0532" in str(result)) == ("unconfirmed", False)
    assert os.strerror(errno.EISDIR) in str(result)


async def test_a_recording_that_goes_while_the_api_is_away_holds_up_no_other(pushed: Pushed, api: UploadApi) -> None:
    paths = [
        pushed.put(f"exten-201-1234567-20250327-092517-1743042317.{number}.mp3", bytes(1000)) for number in range(3)
    ]
    there, pushed.uploader._address = pushed.uploader._address, "http://127.0.0.1:9/v1/calls"
    await pushed.look(2)
    paths[0].unlink()
    pushed.uploader._address = there
    assert await pushed.look(3) == 2
    assert pushed.ledger.count_waiting() == 0
    assert pushed.uploader.progress.problem is None


@pytest.mark.parametrize("answer", [(413, {"Content-Type": "text/html"}), (403, PROBLEM)])
async def test_a_call_that_is_never_taken_holds_up_no_other(
    pushed: Pushed, api: UploadApi, answer: tuple[int, dict[str, str]]
) -> None:
    api.never = {"one": answer}
    for number, name in enumerate(("one", "two", "three")):
        pushed.put(Q.format(number)).with_suffix(".json").write_text(json.dumps({"queue": name}), encoding="utf-8")
    await pushed.look(3)
    assert {upload.event["queue"] for upload in api.calls} == {"two", "three"}
    api.never.clear()
    await pushed.look()
    assert {upload.event["queue"] for upload in api.calls} == {"one", "two", "three"}


async def test_json_that_comes_after_its_recording_was_pushed_makes_the_next_event(
    pushed: Pushed, api: UploadApi
) -> None:
    path = pushed.put(Q.format(1))
    assert await pushed.look() == 1
    path.with_suffix(".json").write_text(json.dumps({"agent_id": "ayse"}), encoding="utf-8")
    assert await pushed.look(2) == 2
    assert (api.calls[-1].event["agent_id"], pushed.uploader.progress.refused) == ("ayse", 0)


async def test_a_name_that_is_not_utf_8_is_pushed_too(pushed: Pushed, api: UploadApi) -> None:
    path = pushed.put(Q.format(1).replace("05321234567", os.fsdecode(b"g\xf6r")))
    assert await pushed.look(2) == 1
    assert api.calls[0].files == {"recording": path.read_bytes()}
