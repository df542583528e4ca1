"""Seeded damage to a call in every format, beside what FFmpeg's command line decodes of it.

``python -m tests.agents.audio.damage`` measures (three minutes; needs the ``ffmpeg`` program).
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from agents.audio.decode import UndecodableRecording
from tests.agents.audio.formats import FORMATS, Format
from tests.agents.audio.sounds import decode

_SIZES_BYTES = (8, 64, 512, 4096)
_FLIP = bytes(byte ^ 0x5A for byte in range(256))


def flipped(content: bytes, start: int, size: int) -> bytes:
    """Return the content with every byte of a range flipped."""
    return content[:start] + content[start : start + size].translate(_FLIP) + content[start + size :]


def flips(content: bytes, count: int) -> Iterator[bytes]:
    """Return the content with one range flipped at any place, headers included: the same damage every time."""
    for seed in range(count):
        size = _SIZES_BYTES[seed % len(_SIZES_BYTES)]
        yield flipped(content, Random(seed).randrange(len(content) - size), size)


def cuts(content: bytes, count: int) -> Iterator[bytes]:
    """Return the beginning of the content, of any length."""
    for seed in range(count):
        yield content[: Random(seed).randrange(len(content))]


@dataclass(frozen=True)
class Heard:
    """What the audio stage makes of a file."""

    decoded_s: float
    """0 for an undecodable one."""
    lost_s: float = 0.0
    damaged: bool = True


def heard(path: Path) -> Heard:
    """Decode a file with the audio stage's decoder."""
    try:
        decoded = decode(path)
    except UndecodableRecording:
        return Heard(0.0)
    return Heard(decoded.duration_s, decoded.lost_s, decoded.damaged)


def ffmpegs_s(path: Path) -> float:
    """Return how many seconds FFmpeg's command line decodes of a file."""
    mono_8_khz = ["-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"]
    command = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", str(path), *mono_8_khz]
    return len(subprocess.run(command, capture_output=True, check=False).stdout) / (2 * 8000)


def damaged_files(form: Format, folder: Path, flip: int, cut: int) -> tuple[list[Path], list[Path]]:
    """Write a call, and the same call damaged: ``flip`` files with flipped bytes and ``cut`` that end early."""
    form.written(folder)
    whole = form.files(folder)[0]
    content = whole.read_bytes()
    return (
        [_written(folder / f"flipped-{number}-{whole.name}", bad) for number, bad in enumerate(flips(content, flip))],
        [_written(folder / f"cut-{number}-{whole.name}", bad) for number, bad in enumerate(cuts(content, cut))],
    )


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _measured(form: Format, folder: Path) -> str:
    flipped_files, cut_files = damaged_files(form, folder, 40, 10)
    ours = {path: heard(path) for path in (*flipped_files, *cut_files)}
    theirs = {path: ffmpegs_s(path) for path in ours}
    apart = max(abs(ours[path].decoded_s - theirs[path]) / max(theirs[path], 0.1) for path in ours)
    own, their = (sum(seconds) / len(ours) for seconds in ((one.decoded_s for one in ours.values()), theirs.values()))
    marked = [sum(ours[path].damaged for path in paths) for paths in (flipped_files, cut_files)]
    return f"| {form.title} | {own:.2f} | {their:.2f} | {apart:.1%} | {marked[0]} of 40 | {marked[1]} of 10 |"


if __name__ == "__main__":
    write = sys.stdout.write
    write("| format | decoded, s | by FFmpeg, s | furthest apart | flipped: damaged | cut: damaged |\n")
    write("|---|---|---|---|---|---|\n")
    for entry in FORMATS:
        with tempfile.TemporaryDirectory() as name:
            write(f"{_measured(entry, Path(name))}\n")
