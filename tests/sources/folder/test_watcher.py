"""A folder, pass after pass: what is taken, once, and as what."""

import errno
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError

from schemas import CallEnded, FilePerSpeaker, OneFile
from sources.folder.ledger import Ledger
from sources.folder.listing import FolderAway, Place
from sources.folder.settings import FolderSource
from sources.folder.watcher import Watcher
from sources.intake import Intake
from sources.state_file import StateInUse, since_of
from streams.errors import CallsiftError
from streams.kafka import AwaitedProducer, OutgoingMessage
from tests.sources.folder.test_wav import written

Q = "q-600-05321234567-20250327-092517-1743042317.1"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SOUND = written(1.5)


class Brokers(AwaitedProducer):
    """Brokers that confirm, or do not."""

    def __init__(self) -> None:
        self.calls: list[CallEnded] = []
        self.away = False

    async def publish(self, messages: Sequence[OutgoingMessage]) -> list[KafkaError | None]:
        if self.away:
            return [KafkaError(KafkaError._MSG_TIMED_OUT) for _ in messages]
        self.calls += [CallEnded.model_validate_json(message.value or b"") for message in messages]
        return [None for _ in messages]

    def unavailable(self, error: KafkaError) -> Any:
        return CallsiftError(error.str(), "Wait")


class Watched:
    """A folder that is watched; every pass is a look at files that were quiet for so long."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.folder = root / "recordings"
        self.folder.mkdir(exist_ok=True)
        given = {
            "preset": "freepbx",
            "path": str(self.folder),
            "poll_s": 1e-6,
            "settle_s": 1e-6,
        }
        self.file = root / "state" / "folder.sqlite"
        self.settings = FolderSource(**{**given, **settings})
        self.brokers, self.ledger = Brokers(), Ledger(self.file)
        self.intake = Intake(self.brokers)
        self.watcher = Watcher("folder", self.settings, self.ledger, since_of(self.ledger, None))

    def restart(self, since: datetime | None = None) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.file)
        self.watcher = Watcher("folder", self.settings, self.ledger, since_of(self.ledger, since))

    def put(self, name: str, content: bytes = SOUND, modified_at: float | None = None) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if modified_at is not None:
            os.utime(path, (modified_at, modified_at))
        return path

    async def passes(self, count: int = 3) -> list[CallEnded]:
        """Look so often, and return the calls that were handed in meanwhile."""
        before = len(self.brokers.calls)
        for _ in range(count):
            await self.watcher.work(self.intake)
        return self.brokers.calls[before:]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def watch(since: datetime | None = LONG_AGO, **settings: Any) -> Watched:
        made.append(Watched(tmp_path, **settings))
        if since is not None:
            made[-1].restart(since)
        return made[-1]

    yield watch
    for one in made:
        one.ledger.close()


async def test_a_recording_is_one_call_however_often_it_is_seen(watched: Callable[..., Watched]) -> None:
    folder = watched()
    path = folder.put(f"2025/03/27/{Q}.wav")
    [call] = await folder.passes(9)
    assert call.call_id == Q
    assert call.recording == OneFile(uri=path.as_uri())
    assert (call.queue, call.caller) == ("600", "05321234567")
    assert call.started_at == datetime.fromtimestamp(1743042317, UTC)
    assert call.ended_at == call.started_at + timedelta(seconds=1.5)
    assert call.metadata == {"uniqueid": "1743042317.1"}


async def test_it_is_taken_once_across_restarts(watched: Callable[..., Watched]) -> None:
    folder = watched()
    folder.put(f"{Q}.wav")
    assert len(await folder.passes()) == 1
    folder.restart()
    assert await folder.passes() == []


async def test_what_came_while_nobody_watched_is_taken(watched: Callable[..., Watched]) -> None:
    folder = watched(since=None)
    folder.ledger.close()
    folder.put(f"exten-201-1234567-20261128-120000-{int(time.time()) + 2}.7.wav")
    folder.restart()
    assert len(await folder.passes()) == 1


async def test_what_is_older_than_the_first_start_is_left_alone_until_it_is_asked_for(
    watched: Callable[..., Watched],
) -> None:
    folder = watched(since=None)
    folder.put(f"{Q}.wav", modified_at=1743042320)
    assert await folder.passes() == []
    folder.restart(LONG_AGO)
    assert len(await folder.passes()) == 1


async def test_a_file_that_grows_is_not_taken(watched: Callable[..., Watched]) -> None:
    folder = watched()
    for size in range(100, 1000, 100):
        folder.put(f"{Q}.mp3", bytes(size))
        assert await folder.passes(1) == []
    assert len(await folder.passes()) == 1


async def test_a_wav_file_that_its_writer_has_not_closed_waits(watched: Callable[..., Watched]) -> None:
    """Asterisk writes nothing while it records nobody, for minutes."""
    folder = watched()
    folder.put(f"{Q}.wav", SOUND[:4] + bytes(4) + SOUND[8:])
    assert await folder.passes(6) == []
    folder.put(f"{Q}.wav")
    assert len(await folder.passes()) == 1


async def test_one_that_was_never_closed_is_taken_in_the_end(watched: Callable[..., Watched]) -> None:
    folder = watched(unclosed_s=1e-5)
    folder.put(f"{Q}.wav", SOUND[:4] + bytes(4) + SOUND[8:])
    assert len(await folder.passes(6)) == 1


async def test_a_header_without_sound_is_no_call(watched: Callable[..., Watched]) -> None:
    folder = watched()
    folder.put(f"{Q}.wav", written(0.0))
    assert await folder.passes() == []


async def test_a_file_of_another_size_is_the_same_call_again(watched: Callable[..., Watched]) -> None:
    folder = watched()
    folder.put(f"{Q}.wav")
    [first] = await folder.passes()
    folder.put(f"{Q}.wav", written(3.0))
    [second] = await folder.passes()
    assert (first.call_id, first.event_id) != (second.call_id, second.event_id)
    assert first.call_id == second.call_id
    assert second.ended_at > first.ended_at


async def test_a_file_that_is_only_touched_is_not_taken_again(watched: Callable[..., Watched]) -> None:
    folder = watched()
    path = folder.put(f"{Q}.wav")
    assert len(await folder.passes()) == 1
    os.utime(path)
    assert await folder.passes() == []


async def test_a_mono_twin_is_no_second_call(watched: Callable[..., Watched]) -> None:
    folder = watched(preset="vicidial")
    folder.put("S_20060721-143000_5551234567.wav")
    folder.put("MIX/20060721-143000_5551234567-all.wav")
    [call] = await folder.passes(6)
    assert isinstance(call.recording, OneFile)
    assert call.recording.uri.endswith("/S_20060721-143000_5551234567.wav")
    assert call.recording.channels == {"customer": 1, "agent": 0}


async def test_a_mono_twin_that_comes_later_changes_nothing(watched: Callable[..., Watched]) -> None:
    folder = watched(preset="vicidial")
    folder.put("S_20060721-143000_5551234567.wav")
    assert len(await folder.passes()) == 1
    folder.put("20060721-143000_5551234567-all.wav")
    assert await folder.passes(6) == []


async def test_a_stereo_file_that_comes_later_replaces_the_mono_one(watched: Callable[..., Watched]) -> None:
    folder = watched(preset="vicidial")
    folder.put("20060721-143000_5551234567-all.wav")
    [mono] = await folder.passes()
    folder.put("S_20060721-143000_5551234567.wav")
    [stereo] = await folder.passes()
    assert mono.call_id == stereo.call_id


async def test_two_legs_beside_the_mix_are_one_call_with_a_file_per_speaker(watched: Callable[..., Watched]) -> None:
    folder = watched()
    for end in ("", "-customer", "-agent"):
        folder.put(f"{Q}{end}.wav")
    [call] = await folder.passes(6)
    assert isinstance(call.recording, FilePerSpeaker)
    assert call.recording.customer.uri.endswith("-customer.wav")


async def test_a_leg_waits_for_the_other_and_is_not_lost(watched: Callable[..., Watched]) -> None:
    folder = watched(settle_s=0.02)
    folder.put(f"{Q}-customer.wav", modified_at=time.time())
    deadline = time.monotonic() + 20
    while not (calls := await folder.passes(1)):
        assert time.monotonic() < deadline
    assert isinstance(calls[0].recording, OneFile)


async def test_the_json_beside_a_recording_wins(watched: Callable[..., Watched]) -> None:
    folder = watched()
    folder.put(f"{Q}.wav")
    told = {"call_id": "77", "agent_id": "ayse", "metadata": {"campaign": "spring"}, "ended_at": "2025-03-27T09:00:00Z"}
    folder.put(f"{Q}.json", json.dumps(told).encode())
    [call] = await folder.passes()
    assert (call.call_id, call.agent_id, call.ended_at.hour) == ("77", "ayse", 9)
    assert call.metadata == {"uniqueid": "1743042317.1", "campaign": "spring"}


async def test_a_recording_waits_for_json_that_is_required(watched: Callable[..., Watched]) -> None:
    folder = watched(sidecar_required=True)
    folder.put(f"{Q}.wav")
    assert await folder.passes(6) == []
    folder.put(f"{Q}.wav.json", b"{}")
    assert len(await folder.passes()) == 1


async def test_json_that_cannot_be_read_is_refused_once_and_taken_when_it_is_mended(
    watched: Callable[..., Watched], caplog: pytest.LogCaptureFixture
) -> None:
    folder = watched()
    folder.put(f"{Q}.wav", modified_at=1743042320)
    folder.put(f"{Q}.json", b'{"agent_id": "Ay', modified_at=1743042320)
    assert await folder.passes(6) == []
    assert [one.__dict__["reason"] for one in caplog.records if one.levelname == "WARNING"] == ["unreadable"]
    assert "05321234567" not in caplog.text
    folder.put(f"{Q}.json", b'{"agent_id": "ayse"}')
    assert [call.agent_id for call in await folder.passes()] == ["ayse"]


async def test_an_event_that_breaks_a_rule_holds_up_no_other(watched: Callable[..., Watched]) -> None:
    folder = watched()
    folder.put("exten-201-1234567-20250327-092517-1743042317.8.wav")
    folder.put(f"{Q}.wav")
    folder.put(f"{Q}.json", b'{"ended_at": "yesterday"}')
    assert len(await folder.passes(6)) == 1


async def test_what_brokers_have_not_confirmed_is_handed_in_again(watched: Callable[..., Watched]) -> None:
    folder = watched()
    folder.put(f"{Q}.wav")
    folder.brokers.away = True
    assert await folder.passes(6) == []
    folder.brokers.away = False
    assert len(await folder.passes()) == 1


async def test_a_share_that_is_gone_is_said_and_comes_back(watched: Callable[..., Watched]) -> None:
    folder = watched()
    folder.put(f"{Q}.wav")
    away = folder.folder.rename(folder.folder.with_name("away"))
    with pytest.raises(FolderAway, match="No such file"):
        await folder.passes(1)
    away.rename(folder.folder)
    assert len(await folder.passes()) == 1


async def test_a_recording_that_is_taken_away_before_it_was_at_rest_holds_up_no_other(
    watched: Callable[..., Watched],
) -> None:
    folder = watched()
    folder.put("exten-201-1234567-20250327-092517-1743042317.8.wav", SOUND[:4] + bytes(4) + SOUND[8:])
    gone = folder.put("exten-201-1234567-20250327-092517-1743042317.9.wav")
    folder.watcher._pass_over()
    folder.watcher._pass_over()
    gone.unlink()
    folder.put(f"{Q}.wav")
    assert [call.call_id for call in await folder.passes(6)] == [Q]


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make what has a word in its name fail as for a user without rights: tests may run as root."""

    def forbid(place: Any, function: str, word: str, number: int = errno.EACCES) -> None:
        real = getattr(place, function)

        def refuses(path: Any, *args: Any, **options: Any) -> Any:
            if word in str(path):
                raise OSError(number, os.strerror(number), str(path))
            return real(path, *args, **options)

        monkeypatch.setattr(place, function, refuses)

    return forbid


@pytest.mark.parametrize(("place", "function"), [(Path, "stat"), (Path, "open"), (os, "scandir")])
async def test_what_may_not_be_read_is_counted_and_holds_up_no_other(
    place: Any,
    function: str,
    watched: Callable[..., Watched],
    forbidden: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = watched()
    folder.put(f"{Q}.wav")
    folder.put("theirs/exten-201-1234567-20250327-092517-1743042317.8.wav")
    forbidden(place, function, "theirs")
    assert [call.call_id for call in await folder.passes()] == [Q]
    [line] = [one for one in caplog.records if one.message == "files or folders may not be read"]
    assert vars(line)["count"] == 1
    assert "1234567" not in str(vars(line))


async def test_a_share_that_goes_away_between_two_looks_is_said_without_a_name(
    watched: Callable[..., Watched], forbidden: Callable[..., None]
) -> None:
    folder = watched()
    folder.put(f"{Q}.wav")
    forbidden(Path, "stat", Q, errno.ESTALE)
    with pytest.raises(FolderAway, match="Stale") as said:
        await folder.passes(1)
    assert "05321234567" not in str(said.value)


async def test_a_name_that_is_not_utf_8_is_taken_too(watched: Callable[..., Watched]) -> None:
    folder = watched(preset="any")
    folder.put(os.fsdecode(b"g\xf6r\xfc\xfeme.wav"))
    [call] = await folder.passes()
    assert isinstance(call.recording, OneFile)
    assert call.recording.uri.endswith("/g%F6r%FC%FEme.wav")


async def test_the_audio_stage_may_see_the_folder_elsewhere(watched: Callable[..., Watched]) -> None:
    folder = watched(preset="any", address="file:///mnt/pbx/")
    folder.put("a b/1.wav")
    [call] = await folder.passes()
    assert call.recording == OneFile(uri="file:///mnt/pbx/a%20b/1.wav")


def test_two_processes_cannot_watch_the_same_source(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "one.sqlite")
    with pytest.raises(StateInUse, match="in use"):
        Ledger(tmp_path / "one.sqlite")
    first.close()
    Ledger(tmp_path / "one.sqlite").close()


def test_a_bucket_lists_as_a_folder_does(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for name in ("recordings/a.wav", "recordings/2026/b.wav", "other/c.wav"):
        memory.pipe(f"/watched/{name}", SOUND)
    place = Place("memory://watched/recordings")
    found = {entry.path: entry.look() for entry in place.entries()}
    assert found.keys() == {"a.wav", "2026/b.wav"}
    assert {size for size, _ in found.values()} == {len(SOUND)}
    assert place.read("2026/b.wav", 4) == b"RIFF"


def test_nobody_else_reads_what_was_taken(tmp_path: Path) -> None:
    """Names of recordings hold numbers of people."""
    Ledger(tmp_path / "one.sqlite").close()
    assert (tmp_path / "one.sqlite").stat().st_mode & 0o077 == 0


async def test_json_beside_a_recording_may_say_who_is_where_and_no_more(watched: Callable[..., Watched]) -> None:
    folder = watched()
    path = folder.put(f"{Q}.wav")
    folder.put(f"{Q}.json", json.dumps({"recording": {"channels": {"customer": 0, "agent": 1}}}).encode())
    [call] = await folder.passes()
    assert isinstance(call.recording, OneFile)
    assert (call.recording.uri, call.recording.channels) == (path.as_uri(), {"customer": 0, "agent": 1})
