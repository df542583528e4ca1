"""Unpacking: a model comes out to the byte, and nothing else comes out at all."""

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agents.transcribe.model_files.archive import place, unpack
from agents.transcribe.models import fingerprint
from streams.errors import CallsiftError
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.model_files.archives import NAME, UNSAFE, UNSAFE_MESSAGE, demo_tar, demo_zip, zip_of

LIMIT_BYTES = 20_000_000


def unpacked(tmp_path: Path, content: bytes) -> Path:
    archive, folder = tmp_path / "archive", tmp_path / "inner" / "unpacked"
    archive.write_bytes(content)
    folder.parent.mkdir()
    unpack(archive, folder, LIMIT_BYTES)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "made",
    [demo_zip, partial(demo_zip, top=""), *(partial(demo_tar, mode) for mode in ("w", "w:gz", "w:xz"))],
    ids=["zip", "flat zip", "tar", "tar.gz", "tar.xz"],
)
def test_a_model_comes_out_to_the_byte_and_in_a_folder_of_its_name(tmp_path: Path, made: Callable[[], bytes]) -> None:
    folder = place(unpacked(tmp_path, made()), tmp_path, NAME)
    assert folder == tmp_path / NAME
    assert contents(folder) == contents(SPEECH_MODEL)
    assert fingerprint(folder).partition("@")[2] == fingerprint(SPEECH_MODEL).partition("@")[2]
    assert folder.stat().st_mode & 0o777 == tmp_path.joinpath("inner").stat().st_mode & 0o777


@pytest.mark.parametrize("kind", UNSAFE)
def test_an_unsafe_archive_is_refused_and_writes_nothing_outside(tmp_path: Path, kind: str) -> None:
    with pytest.raises(CallsiftError, match=UNSAFE_MESSAGE) as refused:
        unpacked(tmp_path, UNSAFE[kind]())
    assert str(refused.value).isprintable()
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "inner"}
    assert {path.name for path in (tmp_path / "inner").iterdir()} == {"unpacked"}
    assert not Path("/tmp/callsift-escaped").exists()
    assert not any(path.is_symlink() for path in (tmp_path / "inner").rglob("*"))
    assert sum(map(len, contents(tmp_path / "inner").values())) <= LIMIT_BYTES


def test_a_size_that_the_archive_lies_about_does_not_help_a_bomb(tmp_path: Path) -> None:
    content = bytearray(zip_of(("model/final.mdl", bytes(30_000_000))))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(CallsiftError):
        unpacked(tmp_path, bytes(content))
    assert sum(map(len, contents(tmp_path / "inner").values())) <= LIMIT_BYTES


@pytest.mark.parametrize(
    "made",
    [
        bytes,
        lambda: b"<html>no such model</html>" * 100,
        lambda: demo_zip()[:-1000],
        lambda: demo_tar("w:gz")[:-1000],
        lambda: demo_tar("w")[:-300_000],
    ],
    ids=["empty", "a web page", "cut zip", "cut tar.gz", "cut tar"],
)
def test_a_file_that_is_no_whole_archive_is_refused(tmp_path: Path, made: Callable[[], bytes]) -> None:
    with pytest.raises(CallsiftError, match="expected a whole zip or tar archive"):
        unpacked(tmp_path, made())


def test_a_damaged_byte_is_noticed(tmp_path: Path) -> None:
    content = bytearray(demo_zip())
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(CallsiftError, match="expected a whole zip or tar archive"):
        unpacked(tmp_path, bytes(content))


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_of(("model/final.mdl", b"x" * 100)))
    content[6] |= 1  # the flag in the file's header and in the directory
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(CallsiftError, match="cannot be read"):
        unpacked(tmp_path, bytes(content))


def test_an_archive_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CallsiftError, match=r"final\.mdl"):
        place(unpacked(tmp_path, zip_of(("folder/README", b"hello"))), tmp_path, NAME)
    assert not (tmp_path / "folder").exists()


def test_the_older_layout_is_a_model_too(tmp_path: Path) -> None:
    folder = place(unpacked(tmp_path, zip_of(("vosk-model-old/final.mdl", b"x"))), tmp_path, NAME)
    assert folder == tmp_path / "vosk-model-old"


def test_the_same_model_stays_and_another_one_is_not_overwritten(tmp_path: Path) -> None:
    there = tmp_path / NAME
    with zipfile.ZipFile(tmp_path / "first.zip", "w") as archive:
        archive.writestr(f"{NAME}/final.mdl", b"first")
    unpack(tmp_path / "first.zip", tmp_path / "one", LIMIT_BYTES)
    assert place(tmp_path / "one", tmp_path, NAME) == there
    unpack(tmp_path / "first.zip", tmp_path / "two", LIMIT_BYTES)
    assert place(tmp_path / "two", tmp_path, NAME) == there
    (there / "final.mdl").write_bytes(b"other")  # of the same size
    unpack(tmp_path / "first.zip", tmp_path / "three", LIMIT_BYTES)
    with pytest.raises(CallsiftError, match=str(there)):
        place(tmp_path / "three", tmp_path, NAME)
    assert (there / "final.mdl").read_bytes() == b"other"
