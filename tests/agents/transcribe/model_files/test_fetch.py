"""Fetching against a server on this machine: resume, checksum, limits, and what is left behind."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agents.transcribe.model_files import Fetched, Limits, fetch_model
from agents.transcribe.models import fingerprint
from callsift.embedded import free_port
from streams.errors import CallsiftError
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.model_files.archive_server import ArchiveServer, archive_server
from tests.agents.transcribe.model_files.archives import NAME, UNSAFE, UNSAFE_MESSAGE, demo_tar, demo_zip
from tests.servers.certificates import make_certificates

ARCHIVE = demo_zip()
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()
LIMITS = Limits(size_bytes=20_000_000, time_s=30.0)
CUT = len(ARCHIVE) // 3


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with archive_server(ARCHIVE) as running:
        yield running


def fetched(url: str, parent: Path, sha256: str | None = None, limits: Limits = LIMITS) -> Fetched:
    return fetch_model(url, parent, sha256=sha256, limits=limits, on_progress=lambda *_: None)


def is_demo_model(folder: Path) -> bool:
    return fingerprint(folder).partition("@")[2] == fingerprint(SPEECH_MODEL).partition("@")[2]


def left_over(parent: Path) -> set[str]:
    """What is neither a model, nor the record, nor the lock."""
    return {path.name for path in parent.glob(".*") if path.suffix not in {".json", ".lock"}}


def test_a_model_is_fetched_and_only_the_model_stays(server: ArchiveServer, tmp_path: Path) -> None:
    progress: list[tuple[int, int | None]] = []
    found = fetch_model(
        server.url(), tmp_path / "models", sha256=SHA256, limits=LIMITS, on_progress=lambda *now: progress.append(now)
    )
    assert found == Fetched(tmp_path / "models" / NAME, SHA256, is_new=True)
    assert is_demo_model(found.folder)
    assert progress[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert left_over(tmp_path / "models") == set()


def test_a_second_time_has_nothing_to_do(server: ArchiveServer, tmp_path: Path) -> None:
    first = fetched(server.url(), tmp_path)
    again = fetched(server.url(), tmp_path, sha256=SHA256.upper())
    assert (again.folder, again.sha256, again.is_new) == (first.folder, SHA256, False)
    assert len(server.asked) == 1


def test_a_model_that_was_removed_is_fetched_again(server: ArchiveServer, tmp_path: Path) -> None:
    folder = fetched(server.url(), tmp_path).folder
    folder.rename(tmp_path / "elsewhere")
    assert fetched(server.url(), tmp_path).is_new
    assert is_demo_model(folder)


def test_a_model_that_is_there_from_another_archive_than_the_pinned_is_refused(
    server: ArchiveServer, tmp_path: Path
) -> None:
    fetched(server.url(), tmp_path)
    with pytest.raises(CallsiftError, match=r"expected the archive with sha256.*Remove"):
        fetched(server.url(), tmp_path, sha256="0" * 64)


def test_two_at_once_fetch_once(server: ArchiveServer, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: fetched(server.url(), tmp_path), range(2)))
    assert sorted(found.is_new for found in both) == [False, True]
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", ["model.tar.gz", "model.tgz", "", "%2e%2e.zip", "a%2Fb.zip"])
def test_the_content_says_what_the_archive_is(server: ArchiveServer, tmp_path: Path, name: str) -> None:
    server.content = demo_tar("w:gz")
    found = fetched(server.url(name) + "?token=5ecre7", tmp_path)
    assert found.folder == tmp_path / NAME
    assert is_demo_model(found.folder)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("vosk-model-small-de-0.15.zip", "vosk-model-small-de-0.15"), ("tr.tar.gz", "tr"), ("%2e%2e.zip", "model")],
)
def test_a_flat_archive_gets_a_folder_of_its_own_name(
    server: ArchiveServer, tmp_path: Path, name: str, folder: str
) -> None:
    server.content = demo_zip(top="")
    assert fetched(server.url(name), tmp_path).folder == tmp_path / folder


def test_a_download_that_broke_off_goes_on_where_it_stopped(server: ArchiveServer, tmp_path: Path) -> None:
    server.cut_after = CUT
    with pytest.raises(CallsiftError, match=f"broke off after {CUT} bytes.*Run the same"):
        fetched(server.url(), tmp_path)
    assert not (tmp_path / NAME).exists()
    server.cut_after = None
    assert fetched(server.url(), tmp_path).sha256 == SHA256
    assert server.asked[-1]["Range"] == f"bytes={CUT}-"
    assert server.asked[-1]["If-Range"] == '"first"'
    assert server.sent == [CUT, len(ARCHIVE) - CUT]


def test_a_complete_download_that_was_never_unpacked_is_not_asked_for_again(
    server: ArchiveServer, tmp_path: Path
) -> None:
    (tmp_path / f".{NAME}-{hashlib.sha256(server.url().encode()).hexdigest()[:12]}.unpacked").touch()
    with pytest.raises(CallsiftError, match="cannot write below"):  # where it would unpack is a file
        fetched(server.url(), tmp_path)
    next(tmp_path.glob(".*.unpacked")).unlink()
    assert fetched(server.url(), tmp_path).sha256 == SHA256
    assert server.sent == [len(ARCHIVE)]
    assert len(server.asked) == 2


@pytest.mark.parametrize("change", ["no ranges", "no tag", "weak tag", "changed", "changed and shorter"])
def test_a_download_that_cannot_be_continued_starts_again(server: ArchiveServer, tmp_path: Path, change: str) -> None:
    server.cut_after = CUT
    server.tag = {"no tag": None, "weak tag": 'W/"first"'}.get(change, server.tag)
    with pytest.raises(CallsiftError, match="broke off"):
        fetched(server.url(), tmp_path)
    server.cut_after = None
    server.knows_ranges = change != "no ranges"
    if change.startswith("changed"):
        server.content, server.tag = (demo_tar("w:gz"), '"second"')
        server.content = server.content if change == "changed" else UNSAFE["zip: link"]()
    if change == "changed and shorter":
        with pytest.raises(CallsiftError, match=UNSAFE_MESSAGE):
            fetched(server.url(), tmp_path)
    else:
        assert fetched(server.url(), tmp_path).sha256 == hashlib.sha256(server.content).hexdigest()
    assert server.sent[-1] == len(server.content)


def test_a_server_that_ignores_if_range_is_found_out_and_the_next_download_starts_again(
    server: ArchiveServer, tmp_path: Path
) -> None:
    server.cut_after = CUT
    with pytest.raises(CallsiftError, match="broke off"):
        fetched(server.url(), tmp_path)
    server.content, server.cut_after = ARCHIVE[: CUT - 10], None  # the range lies behind its end now
    with pytest.raises(CallsiftError, match="not what it was"):
        fetched(server.url(), tmp_path)
    server.content = ARCHIVE
    assert fetched(server.url(), tmp_path).sha256 == SHA256


def test_two_archives_are_never_patched_together(server: ArchiveServer, tmp_path: Path) -> None:
    server.cut_after = CUT
    with pytest.raises(CallsiftError, match="broke off"):
        fetched(server.url(), tmp_path)
    server.content, server.tag, server.cut_after = ARCHIVE[:CUT] + ARCHIVE[:-CUT], '"second"', None
    server.knows_if_range = False
    with pytest.raises(CallsiftError, match="not what it was"):
        fetched(server.url(), tmp_path)
    server.content = ARCHIVE
    assert fetched(server.url(), tmp_path).sha256 == SHA256


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_fails_in_between_does_not_cost_what_is_there(
    server: ArchiveServer, tmp_path: Path, status: int
) -> None:
    server.cut_after = CUT
    with pytest.raises(CallsiftError, match="broke off"):
        fetched(server.url(), tmp_path)
    server.cut_after, server.status = None, status
    with pytest.raises(CallsiftError, match=f"status {status}"):
        fetched(server.url(), tmp_path)
    server.status = None
    fetched(server.url(), tmp_path)
    assert server.sent[-1] == len(ARCHIVE) - CUT


def test_a_wrong_checksum_is_refused_and_the_file_deleted(server: ArchiveServer, tmp_path: Path) -> None:
    with pytest.raises(CallsiftError, match=f"{'0' * 64}, found {SHA256}"):
        fetched(server.url(), tmp_path, sha256="0" * 64)
    assert left_over(tmp_path) == set()
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("kind", UNSAFE)
def test_nothing_of_an_unsafe_archive_stays(server: ArchiveServer, tmp_path: Path, kind: str) -> None:
    server.content = UNSAFE[kind]()
    with pytest.raises(CallsiftError, match=UNSAFE_MESSAGE):
        fetched(server.url(), tmp_path / "models")
    assert {path.name for path in (tmp_path / "models").iterdir()} == {".fetch.lock"}
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


@pytest.mark.parametrize("says_length", [True, False])
def test_an_archive_beyond_the_limit_is_refused(server: ArchiveServer, tmp_path: Path, says_length: bool) -> None:
    server.says_length = says_length
    with pytest.raises(CallsiftError, match="--limit-mb"):
        fetched(server.url(), tmp_path, limits=Limits(size_bytes=len(ARCHIVE) - 1, time_s=30.0))
    assert left_over(tmp_path) == set()


def test_a_server_that_drips_meets_the_time_limit_and_what_came_stays(server: ArchiveServer, tmp_path: Path) -> None:
    server.pause_s = 0.05
    with pytest.raises(CallsiftError, match="took more than 0 s"):
        fetched(server.url(), tmp_path, limits=Limits(size_bytes=LIMITS.size_bytes, time_s=0.2))
    server.pause_s = 0.0
    assert fetched(server.url(), tmp_path).sha256 == SHA256
    assert "Range" in server.asked[-1]


def test_a_redirect_is_followed_and_the_rest_is_asked_for_there_too(server: ArchiveServer, tmp_path: Path) -> None:
    with archive_server(b"") as first:
        first.redirect, server.cut_after = server.url(), CUT
        with pytest.raises(CallsiftError, match="broke off"):
            fetched(first.url(), tmp_path)
        server.cut_after = None
        assert fetched(first.url(), tmp_path).sha256 == SHA256
    assert server.sent == [CUT, len(ARCHIVE) - CUT]


def test_encryption_is_not_given_up_on_the_way(
    server: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = make_certificates(tmp_path)
    with archive_server(ARCHIVE, certificates.server) as encrypted:
        with pytest.raises(CallsiftError, match="not trusted"):  # nobody vouches for this server yet
            fetched(encrypted.url(), tmp_path / "models")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
        encrypted.redirect = server.url()
        with pytest.raises(CallsiftError, match="without encryption"):
            fetched(encrypted.url(), tmp_path / "models")
        encrypted.redirect = None
        assert fetched(encrypted.url(), tmp_path / "models").sha256 == SHA256


def test_a_body_without_a_length_is_fetched(server: ArchiveServer, tmp_path: Path) -> None:
    server.says_length = False
    assert fetched(server.url(), tmp_path).sha256 == SHA256


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/a.zip", "file:///etc/passwd", "a.zip", "http://", "http://[::1/a.zip"]
)
def test_an_address_that_cannot_be_downloaded_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(CallsiftError, match="cannot download"):
        fetched(url, tmp_path)


@pytest.mark.parametrize("status", [401, 404, 503, None])
def test_no_error_shows_a_password_or_a_signature(server: ArchiveServer, tmp_path: Path, status: int | None) -> None:
    address = (
        server.url().replace("://", "://me:hunter2@") if status else f"http://me:hunter2@127.0.0.1:{free_port()}/a"
    )
    server.status = status
    with pytest.raises(CallsiftError, match="cannot download") as refused:
        fetched(f"{address}?sig=5ecre7", tmp_path)
    assert "hunter2" not in str(refused.value)
    assert "5ecre7" not in str(refused.value)


def test_a_folder_that_cannot_be_written_is_named(server: ArchiveServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CallsiftError, match=f"{tmp_path}/file/models.*--to"):
        fetched(server.url(), tmp_path / "file" / "models")
