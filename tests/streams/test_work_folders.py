"""What a killed process leaves in the temporary folder is removed by the next, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.work_folders import WorkFolders, remove_left_behind

WORKING = """
import sys, time
from streams.work_folders import WorkFolders
with WorkFolders().folder() as folder:
    (folder / "recording.wav").write_bytes(b"voice")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of this process and of those that it starts."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def working() -> tuple["subprocess.Popen[str]", Path]:
    """Start a process that works on a call; return it and its folder."""
    process = subprocess.Popen([sys.executable, "-c", WORKING], stdout=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_leaves_goes_at_the_next_start(temporary: Path) -> None:
    killed, left = working()
    living, kept = working()
    (temporary / "callsift-of-somebody-else").mkdir()
    (temporary / "callsift-work-being-made").mkdir()
    killed.kill()
    killed.wait()
    assert (left / "recording.wav").exists()
    folders = WorkFolders()
    folders.open()
    assert not left.parent.exists()
    assert (kept / "recording.wav").exists()
    with folders.folder() as own:
        assert own.is_dir()
        assert remove_left_behind() == 0
    folders.close()
    living.kill()
    living.wait()
    assert remove_left_behind() == 1
    assert sorted(path.name for path in temporary.iterdir()) == [
        "callsift-of-somebody-else",
        "callsift-work-being-made",
    ]


def test_a_folder_is_gone_after_its_call_and_all_are_gone_at_the_end(temporary: Path) -> None:
    folders = WorkFolders()
    with folders.folder() as folder:
        (folder / "prepared.flac").write_bytes(b"voice")
    assert not folder.exists()
    folders.close()
    assert list(temporary.iterdir()) == []
