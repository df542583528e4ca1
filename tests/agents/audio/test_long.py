"""A recording of hours takes no more memory than one of minutes: measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.agents.audio.sounds import decode
from tests.agents.demo_calls import RECORDINGS

pytestmark = pytest.mark.integration

_MEASURE = """
import json, sys
from pathlib import Path

from agents.audio.core import prepare, warm_up
from agents.audio.prepared import AudioOptions
from schemas import OneFile

def peak_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

warm_up()
before = peak_mb()
flac = Path(sys.argv[2])
result = prepare(OneFile(uri="a"), {"a": Path(sys.argv[1])}, flac, AudioOptions(None, 0.5, 0.3))
print(json.dumps([peak_mb() - before, result.recording_facts.duration_s, result.recording_facts.damaged]))
"""


def write_call(path: Path, minutes: int) -> Path:
    """A demo call over and over: µ-law, 8 kHz, stereo."""
    call = decode(RECORDINGS / "leaking-washing-machine.wav").samples.T
    left = minutes * 60 * 8000
    with soundfile.SoundFile(path, "w", 8000, 2, "ULAW", format="WAV") as file:
        while left > 0:
            file.write(call[:left])
            left -= len(call)
    return path


def grown_mb(recording: Path, minutes: int) -> float:
    """How much the peak of the resident memory of a process grows while it prepares a recording."""
    command = [sys.executable, "-c", _MEASURE, str(recording), str(recording.with_suffix(".flac"))]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    grown, duration_s, damaged = json.loads(ended.stdout)
    assert duration_s == pytest.approx(minutes * 60, abs=0.01)
    assert not damaged
    return float(grown)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_hardly_grows_with_the_length_of_a_recording(tmp_path: Path) -> None:
    short, long = (grown_mb(write_call(tmp_path / f"{minutes}.wav", minutes), minutes) for minutes in (2, 15))
    assert long < 400
    assert long - short < 40  # 13 minutes of samples at 16,000 Hz are 100 MB
