"""What a worker reads and says when it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.topics import STAGES
from tests.agents.demo_calls import SPEECH_MODEL
from tests.callsift import terminal
from tests.patience import PATIENCE_S

PROGRAM = "import sys; from callsift.worker import work; work(sys.argv[1], lambda *_: sys.exit())"


COUNTING = """
import sys
from callsift.stages import make_agent
from callsift.worker import work
from streams.settings import Section

def counted(cls, **values):
    print(cls.__name__)
    return read(cls, **values)

read = Section.read.__func__
Section.read = classmethod(counted)
work(sys.argv[1], lambda stage, store: make_agent(stage, store) and sys.exit())
"""


def started(program: str, stage: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Start a worker that ends when its agent is made."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    return subprocess.run(
        [sys.executable, "-c", program, stage],
        env=own | {"CALLSIFT_HTTP_PORT": "0"} | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )


@pytest.mark.integration
@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_reads_each_section_of_its_settings_once(stage: str) -> None:
    settings = {"CALLSIFT_VOSK_MODEL": str(SPEECH_MODEL), "CALLSIFT_CLASSIFIER": "offline"}
    sections = started(COUNTING, stage, **settings).stdout.split()
    assert {"WorkerSettings", "KafkaSettings", "RunnerSettings", "AudioStoreSettings"} < set(sections)
    assert len(sections) == len(set(sections)), sections


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
    log = started(PROGRAM, stage, CALLSIFT_AUDIO_STORE_URI=uri.replace("/shared", str(tmp_path))).stderr
    assert ("audio store is a folder" in log, str(tmp_path) in log) == (warned, warned)


@pytest.mark.integration
@pytest.mark.parametrize("worker", ["audio", "transcribe", "api"])
def test_what_cannot_write_to_its_store_does_not_start_and_says_why(worker: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = tmp_path / "file" / "store"
    settings = {"CALLSIFT_AUDIO_STORE_URI": str(store), "CALLSIFT_HTTP_PORT": "0"}
    command = ("api",) if worker == "api" else ("worker", worker)
    ended = terminal.run(settings, *command)
    assert ended.returncode == 1
    assert f"cannot write {store}: Not a directory. Check CALLSIFT_AUDIO_STORE_URI" in ended.stderr
