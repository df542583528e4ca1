"""What a worker says when it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

PROGRAM = "import sys; from callsift.worker import work; work(sys.argv[1], lambda _: sys.exit())"


def said(stage: str, uri: str) -> str:
    """Start a worker that ends when its agent is made; returns its log."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    own |= {"CALLSIFT_HTTP_PORT": "0", "CALLSIFT_AUDIO_STORE_URI": uri}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, stage], env=own, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    return ended.stderr


@pytest.mark.integration
@pytest.mark.parametrize(
    ("stage", "uri", "warned"),
    [
        ("audio", "file:///shared", True),
        ("transcribe", "/shared", True),
        ("audio", "s3://bucket/callsift", False),
        ("sink", "file:///shared", False),
    ],
)
def test_a_folder_as_audio_store_is_named_at_the_start(stage: str, uri: str, warned: bool, tmp_path: Path) -> None:
    log = said(stage, uri.replace("/shared", str(tmp_path)))
    assert ("audio store is a folder" in log, str(tmp_path) in log) == (warned, warned)
