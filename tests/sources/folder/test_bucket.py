"""A watched bucket, on a server that speaks S3."""

from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from schemas import CallEnded, FilePerSpeaker, OneFile
from sources.folder.listing import FolderAway
from tests.servers.s3 import s3_bucket
from tests.sources.folder.test_watcher import LONG_AGO, SOUND, Q, Watched
from tests.sources.folder.test_wav import written

pytestmark = pytest.mark.integration

ROOT = "s3://bucket/recordings"


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patched, s3_bucket(tmp_path / "s3.log", patched):
        put("", b"")  # the marker that consoles make of a folder
        yield patched


@pytest.fixture
def watched(bucket: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def watch(**settings: object) -> Watched:
        made.append(Watched(tmp_path, **{"path": ROOT, **settings}))
        made[-1].restart(LONG_AGO)
        return made[-1]

    yield watch
    for one in made:
        one.ledger.close()


def put(name: str, content: bytes = SOUND) -> str:
    address = f"{ROOT}/{name}"
    fsspec.filesystem("s3").pipe_file(address, content)
    return address


async def test_a_recording_in_a_bucket_is_one_call_also_across_restarts(watched: Callable[..., Watched]) -> None:
    folder = watched()
    address = put(f"2025/03/27/{Q}.wav")
    [call] = await folder.passes(5)
    assert call.call_id == Q
    assert call.recording == OneFile(uri=address)
    folder.restart()
    assert await folder.passes() == []
    second = put(f"2025/03/27/{Q}2.wav")
    [call] = await folder.passes()
    assert call.recording == OneFile(uri=second)


async def test_an_object_that_is_written_again_is_read_as_it_is_when_at_rest(watched: Callable[..., Watched]) -> None:
    folder = watched(settle_s=0.5)
    put(f"{Q}.wav", written(0.5))
    assert await folder.passes(1) == []
    put(f"{Q}.wav", written(2.0))
    calls = list[CallEnded]()
    while not calls:
        calls = await folder.passes(1)
    assert calls[0].started_at is not None
    assert (calls[0].ended_at - calls[0].started_at).total_seconds() == 2.0


async def test_what_is_no_recording_or_is_empty_is_left(watched: Callable[..., Watched]) -> None:
    folder = watched()
    put(f"{Q}.wav", SOUND[:44])
    put("readme.txt", b"words")
    put("2025/", b"")
    assert await folder.passes(4) == []


async def test_both_directions_lie_side_by_side(watched: Callable[..., Watched]) -> None:
    folder = watched(preset="any", pattern=r"(?P<call_id>[a-z]-\d+)(?P<customer>-customer)?(?P<agent>-agent)?")
    customer, agent = put("a-17-customer.wav"), put("a-17-agent.wav")
    [call] = await folder.passes(4)
    assert isinstance(call.recording, FilePerSpeaker)
    assert (call.recording.customer.uri, call.recording.agent.uri) == (customer, agent)


async def test_a_bucket_that_is_away_is_said_and_looked_at_again(
    watched: Callable[..., Watched], bucket: pytest.MonkeyPatch
) -> None:
    folder = watched()
    put(f"{Q}.wav")
    filesystem = fsspec.filesystem("s3")
    filesystem.rm(f"{ROOT}/", recursive=True)
    filesystem.rmdir("bucket")
    with pytest.raises(FolderAway, match="cannot be read"):
        await folder.passes(1)
    filesystem.mkdir("bucket")
    put(f"{Q}.wav")
    assert len(await folder.passes(4)) == 1
