"""Fetching: whole, or an error that tells whether waiting helps, and never the address's secrets."""

import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from agents.audio.fetching import (
    RecordingMissing,
    RecordingRefused,
    RecordingTooLarge,
    RecordingUnreachable,
    UnknownAddress,
)
from callsift.embedded import free_port
from streams.errors import CallsiftError
from tests.agents.audio.fetching.fetched import SMALL
from tests.agents.audio.fetching.fetched import fetched as fetched_with
from tests.agents.audio.fetching.web import web_server

LARGE = Random(0).randbytes(7_000_000)
LIMIT = LARGE[: 1024 * 1024]
PAGES = {
    "empty.wav": b"",
    "error.xml": b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>",
    "bucket.xml": b"\xef\xbb\xbf  <Error><Code>NoSuchKey</Code></Error>",
    "page.html": b"<!DOCTYPE html><html>not ready</html>",
    "old.html": b"\n<HTML><BODY>not ready",
    "error.json": b'{"error": "not ready"}',
}
FILES = PAGES | {"small.wav": SMALL, "large.wav": LARGE, "limit.wav": LIMIT, "over.wav": LIMIT + b"!"}
fetched = partial(fetched_with, internal_hosts=("127.0.0.1",))


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with web_server(FILES) as address:
        yield address


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


@pytest.mark.parametrize("name", ["small.wav", "large.wav", "endless/large.wav", "zipped/large.wav"])
async def test_a_web_address_is_copied_to_the_byte(web: str, target: Path, name: str) -> None:
    assert await fetched(f"{web}/{name}?token=abc", target) == FILES[name.rsplit("/", maxsplit=1)[-1]]


async def test_an_address_signed_for_get_alone_is_copied(web: str, target: Path) -> None:
    assert await fetched(f"{web}/get-only/small.wav?X-Amz-Signature=abc", target) == SMALL


@pytest.mark.parametrize("kind", ["", "endless/"])
async def test_a_recording_of_exactly_the_limit_is_fetched_and_one_byte_more_is_not(
    web: str, target: Path, kind: str
) -> None:
    assert await fetched(f"{web}/{kind}limit.wav", target, recording_limit_mb=1) == LIMIT
    with pytest.raises(RecordingTooLarge, match="CALLSIFT_FETCH_RECORDING_LIMIT_MB"):
        await fetched(f"{web}/{kind}over.wav", target, recording_limit_mb=1)


@pytest.mark.parametrize(
    "name", ["missing.wav", "202/small.wav", "204/small.wav", "404/small.wav", "410/small.wav", *PAGES]
)
async def test_a_missing_recording_is_a_transient_error(web: str, target: Path, name: str) -> None:
    with pytest.raises(RecordingMissing, match="no recording at"):
        await fetched(f"{web}/{name}", target)


@pytest.mark.parametrize("status", [401, 403, 406])
async def test_a_server_that_refuses_one_recording_is_not_away(web: str, target: Path, status: int) -> None:
    with pytest.raises(RecordingRefused, match=f"status {status}") as refused:
        await fetched(f"{web}/{status}/small.wav", target)
    assert refused.value.dependency is None


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_server_that_fails_may_recover(web: str, target: Path, status: int) -> None:
    with pytest.raises(RecordingUnreachable, match=f"status {status}"):
        await fetched(f"{web}/{status}/small.wav", target)


@pytest.mark.parametrize("name", ["small.wav", "large.wav"])
async def test_a_transfer_that_breaks_off_is_not_taken_for_the_whole(web: str, target: Path, name: str) -> None:
    with pytest.raises(RecordingUnreachable):
        await fetched(f"{web}/broken/{name}", target)


async def test_a_server_that_is_away_may_come_back(target: Path) -> None:
    with pytest.raises(RecordingUnreachable, match="Connector"):
        await fetched(f"http://127.0.0.1:{free_port()}/small.wav", target)


@pytest.mark.parametrize(
    "uri",
    ["pbx7://rec/4411.wav", "recording 4411://x", "4411://x", "/etc/passwd", "a.wav", "", "s3:/etc/passwd", "file:a"],
)
async def test_an_address_of_an_unknown_scheme_is_permanent(target: Path, uri: str) -> None:
    with pytest.raises(UnknownAddress, match="no such scheme"):
        await fetched(uri, target)


@pytest.mark.parametrize(
    "uri", ["http://", "http://[::1/a.wav", "http://host:port/a.wav", "http:///a.wav", "http://a..b/x", "http://127.1/"]
)
async def test_an_address_that_is_broken_is_permanent(target: Path, uri: str) -> None:
    with pytest.raises(UnknownAddress):
        await fetched(uri, target)


@pytest.mark.parametrize("uri", ["filecache::https://a.example/b.wav", "s3://bucket/a::file:///etc/passwd"])
async def test_a_chain_of_addresses_is_refused(target: Path, uri: str) -> None:
    with pytest.raises(UnknownAddress, match="a chain of addresses"):
        await fetched(uri, target)


@pytest.mark.parametrize(
    "path", ["missing.wav", "500/small.wav", "403/small.wav", "broken/small.wav", "over.wav", "302/x?to=ftp://b/&"]
)
@pytest.mark.parametrize("wrapped", ["", "filecache::"], ids=["plain", "cached"])
async def test_no_error_shows_a_signature_or_a_password(web: str, target: Path, path: str, wrapped: str) -> None:
    address = f"{wrapped}{web.replace('://', '://pbx:hunter2@')}/{path}"
    failure = await failed(address + ("&" if "?" in path else "?") + "sig=5ecre7", target)
    shown = str(failure) + "".join(traceback.format_exception(failure))
    assert "sig=" not in shown
    assert "hunter2" not in shown


async def failed(uri: str, target: Path) -> CallsiftError:
    with pytest.raises(CallsiftError) as caught:
        await fetched(uri, target, recording_limit_mb=1)
    return caught.value
