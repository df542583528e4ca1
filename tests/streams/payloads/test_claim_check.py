"""The claim check store."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from schemas import ClaimCheck
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.errors import AudioStoreUnavailable, PayloadGone, UnknownScheme, public_address
from streams.payloads.layout import PREPARED, RECORDINGS, TURNS
from tests.stored import entries


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path.as_uri() if request.param == "file" else f"memory://{uuid4().hex}")


def test_a_payload_is_read_back_as_it_was_stored(store: ClaimCheckStore) -> None:
    claim = store.put("folder/payload.bin", b"some bytes")
    assert claim.size_bytes == 10
    assert store.get(claim) == b"some bytes"


def test_storing_under_the_same_name_replaces(store: ClaimCheckStore) -> None:
    store.put("payload.bin", b"old")
    assert store.get(store.put("payload.bin", b"new")) == b"new"


def test_a_file_is_read_back_as_it_was_stored(store: ClaimCheckStore, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x" * 3_000_000)
    claim = store.put_file("folder/large.bin", tmp_path / "source")
    assert claim == store.put("folder/large.bin", b"x" * 3_000_000)
    store.get_file(claim, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"x" * 3_000_000


def test_a_payload_is_found_listed_and_removed_by_its_name(store: ClaimCheckStore) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    claim = store.put(name := PREPARED.file("0a" * 32, ".flac"), b"some bytes")
    store.put(TURNS.file("0a" * 32, ".json"), b"")
    assert store.find(name) == b"some bytes"
    (entry,) = entries(store, "prepared")
    assert (entry.name, entry.uri) == (name, claim.uri)
    assert before < entry.modified_at <= datetime.now(UTC)
    assert store.remove_unchanged("prepared", [entry]) == 1
    assert store.remove_unchanged("prepared", [entry]) == 0
    assert store.find(name) is None
    assert entries(store, "prepared") == entries(store, "never") == []


def test_what_was_written_again_since_it_was_listed_stays(store: ClaimCheckStore) -> None:
    names = [PREPARED.file(f"0a{number}" + "b" * 61, ".flac") for number in range(3)]
    for name in names:
        store.put(name, b"old")
    (page,) = store.pages("prepared")
    store.put(names[1], b"new")
    assert store.remove_unchanged("prepared", page) == 2
    assert [entry.name for entry in entries(store, "prepared")] == [names[1]]


def test_a_name_that_looks_like_a_pattern_takes_no_other_along(store: ClaimCheckStore) -> None:
    odd, other = (RECORDINGS.file("0a" * 32, ending) for ending in (".*", ".wav"))
    for name in (odd, other):
        store.put(name, b"some bytes")
    page = [entry for entry in entries(store, "recordings") if entry.name == odd]
    assert store.remove_unchanged("recordings", page) == 1
    assert [entry.name for entry in entries(store, "recordings")] == [other]


def test_a_large_folder_is_listed_page_by_page_and_each_name_once(store: ClaimCheckStore) -> None:
    names = {PREPARED.file(hashlib.sha256(f"{number}".encode()).hexdigest(), ".flac") for number in range(12_000)}
    one = store.put(next(iter(names)), b"")
    if one.uri.startswith("file:"):
        for name in names:
            Path(urlsplit(one.uri).path).with_name(name.split("/")[1]).touch()
    else:
        for name in names:
            store.put(name, b"")
    pages = list(store.pages("prepared"))
    assert sorted(entry.name for page in pages for entry in page) == sorted(names)
    assert max(map(len, pages)) <= 10_000


def test_a_payload_that_is_gone_is_a_permanent_error_with_a_cure(store: ClaimCheckStore) -> None:
    claim = store.put("payload.bin", b"some bytes")
    gone = claim.model_copy(update={"uri": claim.uri + ".other"})
    with pytest.raises(PayloadGone, match="Replay"):
        store.get(gone)


def test_a_payload_that_was_changed_is_refused(store: ClaimCheckStore) -> None:
    claim = store.put("payload.bin", b"some bytes")
    store.put("payload.bin", b"other bytes")
    with pytest.raises(PayloadGone, match="other bytes"):
        store.get(claim)


def test_a_folder_that_cannot_be_written_is_a_transient_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AudioStoreUnavailable, match="CALLSIFT_AUDIO_STORE_URI"):
        ClaimCheckStore((tmp_path / "file").as_uri()).put("payload.bin", b"some bytes")


def test_a_scheme_without_a_driver_is_refused_with_the_cure() -> None:
    claim = ClaimCheck(uri="nosuch://bucket/a", size_bytes=0, sha256="0" * 64)
    with pytest.raises(UnknownScheme, match="Install the fsspec driver for nosuch"):
        ClaimCheckStore.get(claim)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://user:secret@pbx.example:8443/rec/a.wav?sig=secret", "https://pbx.example:8443/rec/a.wav"),
        ("s3://bucket/a.wav", "s3://bucket/a.wav"),
        ("file:///data/a.wav", "file:///data/a.wav"),
        ("/data/a.wav", "/data/a.wav"),
    ],
)
def test_an_address_is_shown_without_credentials_and_signature(uri: str, shown: str) -> None:
    assert public_address(uri) == shown


async def test_a_store_that_hangs_is_away_within_the_limit(tmp_path: Path) -> None:
    """A pipe that nobody writes to holds its reader up for ever, as a network file system without its server does."""
    os.mkfifo(tmp_path / "pipe")
    store = ClaimCheckStore(tmp_path.as_uri(), limit_s=0.1)
    claim = ClaimCheck(uri=f"{tmp_path.as_uri()}/pipe", size_bytes=1, sha256="0" * 64)
    try:
        with pytest.raises(AudioStoreUnavailable, match=f"no answer from {tmp_path.as_uri()} within 0\\.1 s") as away:
            await store.in_thread(partial(store.get, claim), claim.size_bytes)
        assert away.value.dependency == "the audio store"
    finally:
        os.close(os.open(tmp_path / "pipe", os.O_WRONLY))


async def test_an_error_in_the_stores_thread_is_raised_unchanged(store: ClaimCheckStore) -> None:
    claim = store.put("payload.bin", b"some bytes")
    assert await store.in_thread(partial(store.get, claim)) == b"some bytes"
    with pytest.raises(PayloadGone, match="other bytes"):
        await store.in_thread(partial(store.get, claim.model_copy(update={"sha256": "0" * 64})))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_temporary_folder_is_not_taken_for_the_stores_access(store: ClaimCheckStore) -> None:
    claim = store.put("payload.bin", b"some bytes")
    with pytest.raises(AudioStoreUnavailable, match=r"No space left on device\. Make room .*\(TMPDIR\)"):
        store.get_file(claim, Path("/dev/full"))
