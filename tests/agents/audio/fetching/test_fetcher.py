"""Fetching: whole, or an error that tells whether waiting helps, and never the address's secrets."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from agents.audio.fetch import (
    RecordingMissing,
    RecordingRefused,
    RecordingTooLarge,
    RecordingUnreachable,
    UnknownAddress,
    fetch,
)
from callsift.embedded import free_port
from streams.errors import CallsiftError
from tests.agents.audio.web import web_server

LIMIT_BYTES = 20_000_000
SMALL = b"RIFF" + bytes(range(256)) * 40
LARGE = Random(0).randbytes(7_000_000)  # noqa: S311 - no secret


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with web_server({"small.wav": SMALL, "large.wav": LARGE}) as address:
        yield address


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


def test_a_file_address_is_copied(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "çağrı 1.wav"
    source.write_bytes(SMALL)
    fetch(f"file://{source}", target, LIMIT_BYTES)
    assert target.read_bytes() == SMALL


@pytest.mark.parametrize(("name", "content"), [("small.wav", SMALL), ("large.wav", LARGE)], ids=["small", "large"])
def test_a_web_address_is_copied_to_the_byte(web: str, target: Path, name: str, content: bytes) -> None:
    fetch(f"{web}/{name}?token=abc", target, LIMIT_BYTES)
    assert target.read_bytes() == content


def test_an_address_signed_for_get_alone_is_copied(web: str, target: Path) -> None:
    fetch(f"{web}/get-only/small.wav?X-Amz-Signature=abc", target, LIMIT_BYTES)
    assert target.read_bytes() == SMALL


def test_a_recording_of_exactly_the_limit_is_fetched_and_one_byte_more_is_not(web: str, target: Path) -> None:
    fetch(f"{web}/small.wav", target, len(SMALL))
    assert target.read_bytes() == SMALL
    with pytest.raises(RecordingTooLarge, match="RECORDING_LIMIT_MB"):
        fetch(f"{web}/small.wav", target, len(SMALL) - 1)


@pytest.mark.parametrize("name", ["missing.wav", "404/small.wav"])
def test_what_is_not_there_may_come(web: str, target: Path, name: str) -> None:
    with pytest.raises(RecordingMissing, match="no recording at"):
        fetch(f"{web}/{name}", target, LIMIT_BYTES)


def test_a_missing_file_may_come(tmp_path: Path, target: Path) -> None:
    with pytest.raises(RecordingMissing):
        fetch(f"file://{tmp_path}/missing.wav", target, LIMIT_BYTES)


@pytest.mark.parametrize("status", [401, 403, 406])
def test_a_server_that_refuses_one_recording_is_not_away(web: str, target: Path, status: int) -> None:
    with pytest.raises(RecordingRefused) as refused:
        fetch(f"{web}/{status}/small.wav", target, LIMIT_BYTES)
    assert refused.value.dependency is None


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_fails_may_recover(web: str, target: Path, status: int) -> None:
    with pytest.raises(RecordingUnreachable):
        fetch(f"{web}/{status}/small.wav", target, LIMIT_BYTES)


@pytest.mark.parametrize("name", ["small.wav", "large.wav"])
def test_a_transfer_that_breaks_off_is_not_taken_for_the_whole(web: str, target: Path, name: str) -> None:
    with pytest.raises(RecordingUnreachable):
        fetch(f"{web}/broken/{name}", target, LIMIT_BYTES)


def test_a_server_that_is_away_may_come_back(target: Path) -> None:
    with pytest.raises(RecordingUnreachable):
        fetch(f"http://127.0.0.1:{free_port()}/small.wav", target, LIMIT_BYTES)


def test_a_folder_is_no_recording(tmp_path: Path, target: Path) -> None:
    with pytest.raises(RecordingUnreachable):
        fetch(f"file://{tmp_path}", target, LIMIT_BYTES)


@pytest.mark.parametrize("uri", ["pbx7://rec/4411.wav", "recording 4411://x", "4411://x"])
def test_an_address_of_an_unknown_scheme_is_permanent(target: Path, uri: str) -> None:
    with pytest.raises(UnknownAddress, match="no such scheme"):
        fetch(uri, target, LIMIT_BYTES)


@pytest.mark.parametrize("uri", ["http://", "http://[::1/a.wav", "http://host:port/a.wav", "http:///a.wav"])
def test_an_address_that_is_broken_is_permanent(target: Path, uri: str) -> None:
    with pytest.raises(UnknownAddress):
        fetch(uri, target, LIMIT_BYTES)


@pytest.mark.parametrize("path", ["missing.wav", "500/small.wav", "403/small.wav", "broken/small.wav", "small.wav"])
@pytest.mark.parametrize("wrapped", ["", "filecache::"], ids=["plain", "cached"])
def test_no_error_shows_a_signature_or_a_password(web: str, target: Path, path: str, wrapped: str) -> None:
    shown = str(failure(f"{wrapped}{web.replace('://', '://pbx:hunter2@')}/{path}?sig=5ecre7", target))
    assert "5ecre7" not in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("path", ["missing.wav", "500/small.wav", "broken/small.wav", "small.wav"])
def test_nor_would_its_traceback(web: str, target: Path, path: str) -> None:
    signature = "5ecre7"
    shown = "".join(traceback.format_exception(failure(f"{web}/{path}?sig={signature}", target)))
    assert f"sig={signature}" not in shown


def failure(uri: str, target: Path) -> CallsiftError:
    with pytest.raises(CallsiftError) as caught:
        fetch(uri, target, 100)
    return caught.value
