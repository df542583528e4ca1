"""Fetching from folders, which are confined, and through fsspec's drivers."""

import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from agents.audio.fetching import (
    AddressNotAllowed,
    RecordingMissing,
    RecordingRefused,
    RecordingTooLarge,
    RecordingUnreachable,
    UnknownAddress,
)
from tests.agents.audio.fetching.fetched import SMALL, fetched
from tests.servers.s3 import s3_server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where recordings lie, beside what is nobody's business."""
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "a.wav").write_bytes(SMALL)
    return tmp_path / "calls"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


@pytest.mark.parametrize("name", ["a.wav", "çağrı 1.wav", "50%.wav", "a%20b.wav", "a?b#c.wav", "a::b.wav", "d/e.wav"])
async def test_a_file_is_copied_by_its_plain_and_by_its_encoded_address(root: Path, target: Path, name: str) -> None:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(SMALL)
    for uri in (f"file://{path}", path.as_uri(), f"FILE://localhost{path}"):
        assert await fetched(uri, target, file_roots=(root,)) == SMALL


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
async def test_a_full_temporary_folder_is_not_taken_for_a_place_that_is_away(root: Path) -> None:
    with pytest.raises(RecordingUnreachable, match=r"No space left on device\)\. Make room .*\(TMPDIR\)"):
        await fetched((root / "a.wav").as_uri(), Path("/dev/full"), file_roots=(root,))


async def test_without_roots_no_file_is_fetched(root: Path, target: Path) -> None:
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_FILE_ROOTS"):
        await fetched(f"file://{root}/a.wav", target)


def _renamed(root: Path) -> Path:
    return root.rename(root.with_name("çağrılar 1"))


async def test_an_encoded_address_finds_its_root(root: Path, target: Path) -> None:
    calls = _renamed(root)
    assert await fetched((calls / "a.wav").as_uri(), target, file_roots=(calls,)) == SMALL


@pytest.mark.parametrize(
    "name", ["../secret.wav", "x/../../secret.wav", "%2e%2e/secret.wav", "..%2Fsecret.wav", "../missing.wav"]
)
async def test_dots_do_not_lead_out(root: Path, target: Path, name: str) -> None:
    with pytest.raises(AddressNotAllowed, match="beneath no folder"):
        await fetched(f"file://{root}/{name}", target, file_roots=(root,))


async def test_a_symlink_leads_out_only_where_its_end_is_listed(root: Path, target: Path) -> None:
    (root / "link.wav").symlink_to(root.parent / "secret.wav")
    (root / "up").symlink_to(root.parent)
    for name in ("link.wav", "up/secret.wav", "up/missing.wav"):
        with pytest.raises(AddressNotAllowed, match="beneath no folder"):
            await fetched(f"file://{root}/{name}", target, file_roots=(root,))
    assert await fetched(f"file://{root}/link.wav", target, file_roots=(root, root.parent)) == b"secret"


async def test_a_symlink_inside_and_a_root_that_is_one_are_followed(root: Path, target: Path) -> None:
    (root / "same.wav").symlink_to("a.wav")
    (root.parent / "link").symlink_to(root)
    assert await fetched(f"file://{root.parent}/link/same.wav", target, file_roots=(root.parent / "link",)) == SMALL


async def test_a_neighbour_whose_name_begins_alike_is_outside(root: Path, target: Path) -> None:
    neighbour = root.with_name("calls-of-others")
    neighbour.mkdir()
    (neighbour / "a.wav").write_bytes(SMALL)
    with pytest.raises(AddressNotAllowed):
        await fetched(f"file://{neighbour}/a.wav", target, file_roots=(root,))


@pytest.mark.parametrize("name", ["missing.wav", "missing/a.wav", "circle", "circle/a.wav"])
async def test_a_missing_file_may_come(root: Path, target: Path, name: str) -> None:
    (root / "circle").symlink_to("circle")
    with pytest.raises(RecordingMissing):
        await fetched(f"file://{root}/{name}", target, file_roots=(root,))


async def test_a_folder_and_a_pipe_are_no_recordings(root: Path, target: Path) -> None:
    os.mkfifo(root / "pipe")
    for name in ("", "pipe"):
        with pytest.raises(RecordingUnreachable):
            await fetched(f"file://{root}/{name}", target, file_roots=(root,))


@pytest.mark.parametrize("uri", ["file://other-machine/a.wav", "file://a.wav", "file:///a\0b.wav"])
async def test_a_file_on_no_path_of_this_machine_is_permanent(target: Path, uri: str) -> None:
    with pytest.raises(UnknownAddress):
        await fetched(uri, target, file_roots=("/",))


async def test_another_name_of_the_driver_for_files_does_not_escape_the_roots(root: Path, target: Path) -> None:
    with pytest.raises(AddressNotAllowed, match="Use file://"):
        await fetched(f"local://{root}/a.wav", target, schemes=("local",), file_roots=(root,))


@pytest.fixture
def memory() -> Iterator[Any]:
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe({"/calls/a.wav": SMALL, "/calls/large.wav": bytes(1024 * 1024 + 1)})
    yield filesystem
    filesystem.store.clear()


@pytest.mark.usefixtures("memory")
async def test_a_driver_s_recording_is_copied(target: Path) -> None:
    assert await fetched("memory://calls/a.wav", target, schemes=("memory",)) == SMALL
    assert await fetched("MEMORY://calls/a.wav", target, schemes=("memory",), hosts=("calls",)) == SMALL
    with pytest.raises(RecordingMissing):
        await fetched("memory://calls/b.wav", target, schemes=("memory",))
    with pytest.raises(RecordingTooLarge):
        await fetched("memory://calls/large.wav", target, schemes=("memory",), recording_limit_mb=1)


class Short(io.BytesIO):
    """Ends before the size that it announces."""

    size = len(SMALL) + 1


class Stalling(io.BytesIO):
    """Gives nothing until the test is over."""

    over = threading.Event()

    def read(self, _size: int | None = -1) -> bytes:
        self.over.wait(30)
        return b""


class Faulty(MemoryFileSystem):  # type: ignore[misc]
    """A driver with files that do not keep their word."""

    protocol = "faulty"

    def open(self, path: str, *_: Any, **__: Any) -> io.BytesIO:
        if "denied" in path:
            raise PermissionError(path)
        return Short(SMALL) if "short" in path else Stalling()


@pytest.fixture
def _faulty() -> Iterator[None]:
    fsspec.register_implementation("faulty", Faulty, clobber=True)
    Stalling.over.clear()
    yield
    Stalling.over.set()


@pytest.mark.usefixtures("_faulty")
async def test_a_driver_s_faults_are_told_apart(target: Path) -> None:
    with pytest.raises(RecordingUnreachable, match=f"ended after {len(SMALL)} of {len(SMALL) + 1} bytes"):
        await fetched("faulty://calls/short.wav", target, schemes=("faulty",))
    with pytest.raises(RecordingUnreachable, match=r"nothing came for 0\.2 s"):
        await fetched("faulty://calls/stalls.wav", target, schemes=("faulty",), idle_limit_s=0.2)
    with pytest.raises(RecordingUnreachable, match=r"not whole after 0\.2 s"):
        await fetched("faulty://calls/stalls.wav", target, schemes=("faulty",), time_limit_s=0.2)
    with pytest.raises(RecordingRefused):
        await fetched("faulty://calls/denied.wav", target, schemes=("faulty",))


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as address:
        yield address


@pytest.mark.integration
async def test_a_recording_in_a_bucket_is_copied(s3: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ENDPOINT_URL": s3,
        "ACCESS_KEY_ID": "a",
        "SECRET_ACCESS_KEY": "b",
        "REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    large = os.urandom(3 * 1024 * 1024 + 1)
    bucket = fsspec.filesystem("s3", skip_instance_cache=True)
    bucket.mkdir("calls")
    bucket.pipe({"calls/a b.wav": SMALL, "calls/large.wav": large})
    assert await fetched("s3://calls/a b.wav", target) == SMALL
    assert await fetched("s3://calls/large.wav", target, hosts=("calls",)) == large
    with pytest.raises(RecordingTooLarge):
        await fetched("s3://calls/large.wav", target, recording_limit_mb=3)
    for missing in ("s3://calls/missing.wav", "s3://nowhere/a.wav"):
        with pytest.raises(RecordingMissing):
            await fetched(missing, target)
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_HOSTS"):
        await fetched("s3://calls/a b.wav", target, hosts=("others",))
