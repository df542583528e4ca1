"""Listing and removing in a bucket: page by page, and a thousand at a request."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest

from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.layout import PREPARED
from tests.servers.s3 import s3_bucket
from tests.stored import entries

pytestmark = pytest.mark.integration
IN_ONE_PAGE = 1_205
"""More than S3 lists, or removes, at once."""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server with a bucket named ``bucket``; gives its lines."""
    log = tmp_path / "s3.log"
    with s3_bucket(log, monkeypatch):
        yield log


def test_what_is_old_in_a_bucket_goes_by_a_few_requests_and_what_was_written_again_stays(log: Path) -> None:
    store = ClaimCheckStore("s3://bucket/callsift")
    alike = [PREPARED.file(f"0a{number:030x}", ".flac") for number in range(IN_ONE_PAGE)]
    others = [PREPARED.file(f"{number:02x}" * 16, ".flac") for number in range(0x20, 0x52)]
    fsspec.filesystem("s3").pipe({f"bucket/callsift/{name}": b"small" for name in (*alike, *others)})
    before = len(log.read_text())

    pages = list(store.pages("prepared"))
    assert sorted(entry.name for page in pages for entry in page) == sorted((*alike, *others))
    page = max(pages, key=len)
    assert [entry.name for entry in page] == alike

    long_ago = page[7].modified_at - timedelta(days=8)
    assert store.remove_unchanged("prepared", [*page[:7], page[7]._replace(modified_at=long_ago), *page[8:]]) == 1204
    assert [entry.name for entry in entries(store, "prepared")] == sorted((alike[7], *others))
    asked = log.read_text()[before:]
    assert len(re.findall(r'"POST /bucket/?\?delete', asked)) == 2
    assert '"DELETE ' not in asked
    assert '"HEAD /bucket/' not in asked
