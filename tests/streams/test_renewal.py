"""A renewed certificate ends the process that was started with the old one, and nothing else does."""

import os
import threading
from pathlib import Path

import pytest

from streams.renewal import end_when_renewed
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S


@pytest.fixture
def kafka(tmp_path: Path) -> KafkaSettings:
    for name in ("ca.crt", "tls.crt", "tls.key"):
        (tmp_path / name).write_text(name)
    return KafkaSettings(
        security_protocol="SSL",
        ca_file=tmp_path / "ca.crt",
        certificate_file=tmp_path / "tls.crt",
        key_file=tmp_path / "tls.key",
    )


def watched(kafka: KafkaSettings) -> threading.Event:
    ended = threading.Event()
    end_when_renewed(kafka, look_s=0.01, spread_s=0.02, end=ended.set)
    return ended


@pytest.mark.parametrize("name", ["ca.crt", "tls.crt", "tls.key"])
def test_any_of_the_files_that_is_another_ends_the_process(kafka: KafkaSettings, tmp_path: Path, name: str) -> None:
    ended = watched(kafka)
    new = tmp_path / "new"
    new.write_text("renewed")
    new.replace(tmp_path / name)  # as Kubernetes exchanges what is mounted
    assert ended.wait(PATIENCE_S)


def test_a_file_that_is_written_again_as_it_was_or_is_missing_for_a_moment_does_not(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    ended = watched(kafka)
    path = tmp_path / "tls.crt"
    path.unlink()
    assert not ended.wait(0.2)
    path.write_text("tls.crt")
    os.utime(path, (1, 1))
    assert not ended.wait(0.2)


def test_without_files_nothing_is_watched() -> None:
    before = threading.active_count()
    watched(KafkaSettings())
    assert threading.active_count() == before
