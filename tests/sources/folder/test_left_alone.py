"""What a watcher leaves alone: copies of older calls, and files whose names say that they are no recordings."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sources.folder.listing import Entry, FolderAway, Place
from tests.sources.folder.test_watcher import Watched, watched
from tests.sources.folder.test_wav import written

__all__ = ["watched"]


async def test_a_copy_of_what_ended_before_is_left_until_an_earlier_since_is_given(
    watched: Callable[..., Watched],
) -> None:
    began = datetime(2025, 3, 27, 9, 25, 17, tzinfo=UTC)
    folder = watched(since=began + timedelta(hours=2), pattern=r"(?P<utc>\d{14})")
    folder.put("20250327092517.wav")  # written now
    folder.put("20250327112516.wav", written(3.0))
    [call] = await folder.passes(5)
    assert call.started_at == began + timedelta(hours=2, seconds=-1), "it ended after that"
    folder.restart(began)
    [call] = await folder.passes(5)
    assert call.started_at == began


async def test_a_copy_that_is_left_is_read_once(
    watched: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = watched(since=datetime(2025, 3, 27, 12, tzinfo=UTC), pattern=r"(?P<utc>\d{14})")
    folder.put("20250327092517.wav")
    read, asked = Place.read, list[str]()

    def reading(place: Place, path: str, most_bytes: int) -> bytes:
        asked.append(path)
        return read(place, path, most_bytes)

    monkeypatch.setattr(Place, "read", reading)
    assert await folder.passes(9) == []
    assert asked == ["20250327092517.wav"]


async def test_a_folder_that_was_away_has_no_new_names(
    watched: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = watched()
    folder.put("notes.wav")
    await folder.passes()

    def away(_: Place) -> Iterator[Entry]:
        raise FolderAway("the folder cannot be read", "Wait")

    with monkeypatch.context() as patched:
        patched.setattr(Place, "entries", away)
        with pytest.raises(FolderAway):
            await folder.passes(1)
    await folder.passes()
    assert not [one for one in caplog.records if one.levelname == "WARNING"]


async def test_names_that_are_no_recordings_are_told_when_more_of_them_come(
    watched: Callable[..., Watched], caplog: pytest.LogCaptureFixture
) -> None:
    folder = watched()
    folder.put("notes.wav")
    await folder.passes()
    assert not [one for one in caplog.records if one.levelname == "WARNING"], "the first look says how many, as news"
    folder.put("more-notes.wav")
    folder.put("still-more.wav")
    await folder.passes()
    [said] = [one for one in caplog.records if one.levelname == "WARNING"]
    assert said.__dict__["files"] == 2
    assert "notes" not in said.getMessage()
