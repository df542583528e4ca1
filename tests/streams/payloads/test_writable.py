"""A store that is a folder is asked at the start whether it takes files."""

from pathlib import Path

import pytest

from streams.payloads import refuse_unwritable
from streams.payloads.errors import AudioStoreUnavailable
from streams.settings import AudioStoreSettings


def test_a_folder_that_takes_a_file_is_looked_at_without_being_made(tmp_path: Path) -> None:
    refuse_unwritable(AudioStoreSettings(uri=(tmp_path / "later" / "audio").as_uri()))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_named_with_the_systems_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AudioStoreUnavailable, match=r"cannot write file:///.*/file/store: Not a directory\. Check"):
        refuse_unwritable(AudioStoreSettings(uri=(tmp_path / "file" / "store").as_uri()))


def test_a_bucket_is_not_asked_before_the_first_call() -> None:
    refuse_unwritable(AudioStoreSettings(uri="s3://bucket/callsift"))
