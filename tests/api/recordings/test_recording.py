"""Hearing a call over HTTP, as browsers and other programs do."""

import asyncio
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import uvicorn

from api.access import Principal, Right, Scope
from api.app import make_app
from api.recordings import sounds
from api.services import Services
from callsift.embedded import free_port
from streams.payloads import FOLDERS, LISTENING, RECORDINGS, ClaimCheckStore
from streams.retention import sweep_copies
from tests.agents.audio.sounds import loudest_hz
from tests.api.asking import asking
from tests.api.recordings.conftest import ADDRESS, AGENT_HZ, CALL_ID, CUSTOMER_HZ, SECONDS, given_call
from tests.patience import PATIENCE_S
from tests.servers.s3 import s3_bucket
from tests.stored import entries

pytestmark = pytest.mark.integration


async def listened(services: Services) -> list[tuple[str, str]]:
    notes = services.database.beside("audit").find({"action": "listened"})
    return [(note["who"], note["call_id"]) async for note in notes]


def channels(copy: bytes) -> np.ndarray[Any, Any]:
    with av.open(io.BytesIO(copy), "r") as container:
        stream = container.streams.audio[0]
        assert (container.format.name, stream.codec_context.name) == ("matroska,webm", "opus")
        rate = stream.rate
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
    assert rate == 48_000
    return np.concatenate(frames, axis=1)


@pytest.mark.usefixtures("call")
async def test_the_copy_has_the_customer_on_the_left_and_the_agent_on_the_right(client: httpx.AsyncClient) -> None:
    answer = await client.get(ADDRESS)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/webm; codecs=opus")
    both = channels(answer.content)
    assert both.shape[1] / 48_000 == pytest.approx(SECONDS, abs=0.05)
    assert [loudest_hz(one, 48_000) for one in both] == pytest.approx([CUSTOMER_HZ, AGENT_HZ], abs=2)


@pytest.mark.usefixtures("call")
async def test_the_answer_is_kept_by_nobody_and_says_until_when_the_sound_is_kept(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    answer = await client.get(ADDRESS)
    head = await client.head(ADDRESS)
    assert head.headers == answer.headers
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(answer.content)
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "bytes"
    disposition = "inline; filename=\"recording.webm\"; filename*=UTF-8''%C3%A7a%C4%9Fr%C4%B1%201.webm"
    assert answer.headers["content-disposition"] == disposition
    about = services.audio.about(call)
    assert about is not None
    kept = parsedate_to_datetime(answer.headers["sunset"]) - about[1]
    assert kept.total_seconds() == pytest.approx(7 * 24 * 3600, abs=1)


@pytest.mark.usefixtures("call")
async def test_a_player_that_seeks_gets_the_bytes_and_is_noted_once(
    client: httpx.AsyncClient, services: Services
) -> None:
    whole = (await client.get(ADDRESS, headers={"Range": "bytes=0-"})).content
    first = await client.get(ADDRESS, headers={"Range": "bytes=0-1"})
    assert (first.status_code, first.headers["content-range"]) == (206, f"bytes 0-1/{len(whole)}")
    etag = first.headers["etag"]
    for asked, bytes_of_it in {
        "bytes=5000-": whole[5000:],
        "bytes=100-199": whole[100:200],
        "bytes=-64": whole[-64:],
    }.items():
        part = await client.get(ADDRESS, headers={"Range": asked, "If-Range": etag})
        assert (part.status_code, part.content) == (206, bytes_of_it)
    for headers in ({"Range": "bytes=1-2", "If-Range": '"other"'}, {"Range": "bytes=0-1,5-6"}):
        all_of_it = await client.get(ADDRESS, headers=headers)
        assert (all_of_it.status_code, all_of_it.content) == (200, whole)
    behind = await client.get(ADDRESS, headers={"Range": f"bytes={len(whole)}-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert behind.json()["code"] == "range-not-satisfiable"
    assert await listened(services) == [("this machine", CALL_ID)]


@pytest.mark.usefixtures("call")
async def test_whoever_begins_in_the_middle_is_noted_too_and_who_hears_nothing_is_not(
    client: httpx.AsyncClient, services: Services
) -> None:
    await client.head(ADDRESS)
    await client.get(ADDRESS, headers={"Range": "bytes=99999999-"})
    assert await listened(services) == []
    await client.get(ADDRESS, headers={"Range": "bytes=1000-"})
    assert await listened(services) == [("this machine", CALL_ID)]


@pytest.mark.usefixtures("call")
async def test_first_listeners_at_once_have_one_copy_made(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = sounds.Sounds._make

    async def counted(self: sounds.Sounds, *given: Any) -> None:
        made.append(given)
        await make(self, *given)

    monkeypatch.setattr(sounds.Sounds, "_make", counted)
    async with asking(services) as client:
        hasty = asyncio.create_task(client.get(ADDRESS))
        async with asyncio.timeout(PATIENCE_S):
            while not made:
                await asyncio.sleep(0)
        hasty.cancel()
        answers = await asyncio.gather(*(client.get(ADDRESS) for _ in range(3)))
        again = await client.get(ADDRESS)
    assert len({answer.content for answer in (*answers, again)}) == len(made) == 1
    assert len(entries(services.audio, LISTENING.name)) == 1


async def test_who_may_not_listen_or_see_the_call_hears_nothing(services: Services, call: str) -> None:
    viewer = Principal("viewer", frozenset(Right) - {Right.LISTEN})
    elsewhere = Principal("elsewhere", frozenset(Right), Scope(queues=frozenset({"another"})))
    for who, status in ((viewer, 403), (elsewhere, 404)):
        async with asking(services, who) as client:
            for address in (ADDRESS, f"{ADDRESS}?form=original", f"{ADDRESS}/peaks"):
                assert (await client.get(address)).status_code == status
    assert entries(services.audio, LISTENING.name) == []
    assert await listened(services) == []


async def test_sound_that_is_not_kept_any_more_is_gone_and_its_copy_with_it(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    assert (await client.get(ADDRESS)).status_code == 200
    assert sweep_copies(services.audio, remove=True) == (1, 0, 0, 0)
    services.audio.remove(call)
    for address in (ADDRESS, f"{ADDRESS}/peaks"):
        answer = await client.get(address)
        assert (answer.status_code, answer.json()["code"]) == (410, "gone")
        assert "7 days" in answer.json()["detail"]
    assert sweep_copies(services.audio, remove=False) == (1, 0, 1, 0)
    assert sweep_copies(services.audio, remove=True) == (1, 0, 1, 1)
    assert entries(services.audio, LISTENING.name) == []


async def test_a_copy_of_sound_that_is_removed_meanwhile_does_not_stay(
    client: httpx.AsyncClient, services: Services, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_file = ClaimCheckStore.put_file

    def forgotten_meanwhile(store: ClaimCheckStore, name: str, path: Path) -> Any:
        store.remove(call)
        return put_file(store, name, path)

    monkeypatch.setattr(ClaimCheckStore, "put_file", forgotten_meanwhile)
    assert (await client.get(ADDRESS)).status_code == 410
    assert entries(services.audio, LISTENING.name) == []


async def test_damaged_sound_is_told_without_an_address(
    client: httpx.AsyncClient, services: Services, call: str, tmp_path: Path
) -> None:
    flac = services.audio.find(call)
    assert flac is not None
    services.audio.put(call, flac[:-9000] + bytes(9000))
    answer = await client.get(ADDRESS)
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert "other bytes" in answer.json()["detail"]
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize("content", [b"not FLAC at all", b"fLaC" + bytes(4000), b""])
async def test_what_cannot_be_decoded_is_told(client: httpx.AsyncClient, services: Services, content: bytes) -> None:
    await given_call(services, content, None)
    answer = await client.get(ADDRESS)
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert "not the FLAC" in answer.json()["detail"]


async def test_a_store_that_does_not_answer_is_told_without_its_address(services: Services, call: str) -> None:
    assert call
    away = replace(services, audio=ClaimCheckStore("nowhere://secret-bucket"))
    async with asking(away) as client:
        answer = await client.get(ADDRESS)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "secret-bucket" not in answer.text


@pytest.mark.usefixtures("call")
async def test_the_original_is_given_as_it_was_handed_in_if_callsift_keeps_it(
    client: httpx.AsyncClient, services: Services
) -> None:
    missing = await client.get(f"{ADDRESS}?form=original")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    assert "telephone system" in missing.json()["detail"]
    services.audio.put(RECORDINGS.of_call(CALL_ID, ".html"), b"<script>alert(1)</script>")
    answer = await client.get(f"{ADDRESS}?form=original")
    assert (answer.status_code, answer.content) == (200, b"<script>alert(1)</script>")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="recording";')


@pytest.mark.usefixtures("call")
async def test_of_an_original_of_two_files_each_is_given_by_its_name_and_none_for_both(
    client: httpx.AsyncClient, services: Services
) -> None:
    async def got(**part: str) -> tuple[int, bytes | str]:
        answer = await client.get(ADDRESS, params={"form": "original", **part})
        return answer.status_code, answer.content if answer.is_success else answer.json()["code"]

    def handed_in(name: str) -> None:
        services.audio.put(RECORDINGS.of_call(CALL_ID, f"-{name}"), name.encode())

    handed_in("0a-customer.wav")
    handed_in("0a-agent")
    assert await got(part="customer") == (200, b"0a-customer.wav")
    assert await got(part="agent") == (200, b"0a-agent")
    named = await client.head(ADDRESS, params={"form": "original", "part": "customer"})
    assert named.headers["content-disposition"].endswith("%201-customer.wav")
    unnamed = await client.get(f"{ADDRESS}?form=original")
    assert (unnamed.status_code, unnamed.json()["errors"][0]["parameter"]) == (400, "part")
    handed_in("1b-recording.wav")  # the same call anew, as one file
    assert await got() == (200, b"1b-recording.wav")
    assert await got(part="agent") == (404, "not-found")


async def test_forgetting_finds_the_copy_and_the_peaks(
    client: httpx.AsyncClient, services: Services, call: str
) -> None:
    await client.get(ADDRESS)
    found = [name for folder in FOLDERS for name in services.audio.beginning(folder.beginning(CALL_ID))]
    assert sorted(Path(name).suffix for name in found) == [".dat", ".flac", ".webm"]
    assert call in found


@pytest.mark.usefixtures("call")
async def test_curl_and_ffmpeg_hear_the_call(services: Services, tmp_path: Path) -> None:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(make_app(services), port=port, log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    address, target = f"http://127.0.0.1:{port}{ADDRESS}", tmp_path / "copy.webm"
    try:
        await run("curl", "-sSf", "-r", "0-999", "-o", str(target), address)
        assert target.stat().st_size == 1000
        await run("curl", "-sSf", "-C", "-", "-o", str(target), address)
        whole = target.read_bytes()
        assert loudest_hz(channels(whole)[0], 48_000) == pytest.approx(CUSTOMER_HZ, abs=2)
        head = await run("curl", "-sSfI", address)
        assert f"content-length: {len(whole)}".encode() in head.lower()
        seek = ("-ss", "6", "-i", address, "-f", "f32le", "-ar", "48000", "pipe:1")
        heard = np.frombuffer(await run("ffmpeg", "-v", "error", *seek), np.float32).reshape(-1, 2).T
        assert heard.shape[1] / 48_000 == pytest.approx(SECONDS - 6, abs=0.1)
        assert [loudest_hz(one, 48_000) for one in heard] == pytest.approx([CUSTOMER_HZ, AGENT_HZ], abs=2)
    finally:
        server.should_exit = True
        await serving


async def run(program: str, *options: str) -> bytes:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    process = await asyncio.create_subprocess_exec(
        program, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return output


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a store in a bucket."""
    with s3_bucket(tmp_path / "s3.log", monkeypatch):
        yield "s3://bucket/callsift"


async def test_a_bucket_gives_the_copy_the_peaks_and_a_large_original(
    services: Services, made: tuple[bytes, bytes], bucket: str
) -> None:
    on_s3 = replace(services, audio=ClaimCheckStore(bucket))
    prepared = await given_call(on_s3, *made)
    original = os.urandom(3 * 1024 * 1024 + 17)
    on_s3.audio.put(RECORDINGS.of_call(CALL_ID, ".wav"), original)
    async with asking(on_s3) as client:
        copy = await client.get(ADDRESS)
        assert copy.status_code == 200, copy.text
        assert loudest_hz(channels(copy.content)[0], 48_000) == pytest.approx(CUSTOMER_HZ, abs=2)
        part = await client.get(ADDRESS, headers={"Range": "bytes=-100", "If-Range": copy.headers["etag"]})
        assert (part.status_code, part.content) == (206, copy.content[-100:])
        assert (await client.get(f"{ADDRESS}?form=original")).content == original
        assert (await client.get(f"{ADDRESS}/peaks", params={"form": "dat"})).content == made[1]
        on_s3.audio.remove(prepared)
        gone = await client.get(ADDRESS)
    assert (gone.status_code, "bucket" in gone.text) == (410, False)
    assert sweep_copies(on_s3.audio, remove=True).removed == 1
