"""A real S3-speaking server on loopback: moto's, in a process of its own."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest
from s3fs import S3FileSystem  # type: ignore[import-untyped]

from callsift.embedded import end, free_port

_READY_LIMIT_S = 60.0


@contextmanager
def s3_server(log: Path) -> Iterator[str]:
    """Run an empty server that accepts any key; gives its endpoint, and its lines go to ``log``."""
    port = free_port()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + _READY_LIMIT_S
        while not _answers(f"http://127.0.0.1:{port}/moto-api/"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(server, 10)


@contextmanager
def s3_bucket(log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a server with a bucket named ``bucket``, which this process finds under s3://; its lines go to ``log``."""
    with s3_server(log) as address:
        for name, value in {
            "ENDPOINT_URL": address,
            "ACCESS_KEY_ID": "a",
            "SECRET_ACCESS_KEY": "b",
            "REGION": "eu-west-1",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        S3FileSystem.clear_instance_cache()
        fsspec.filesystem("s3").mkdir("bucket")
        yield
    S3FileSystem.clear_instance_cache()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, OSError):
        return False
