"""What the audio stage runs in its child processes. Light to import: PyAV is loaded in the children alone."""

from collections.abc import Mapping
from pathlib import Path

from agents.audio.prepared import AudioOptions, Prepared
from schemas import Recording

MODULES = ("agents.audio.child", "agents.audio.core")
"""What the functions here import."""


def announced_s(recording: Recording, files: Mapping[str, Path], options: AudioOptions) -> float:
    """Return how long a recording says that it is, in seconds: see ``agents.audio.core``."""
    from agents.audio import core  # noqa: PLC0415 - not in the worker

    return core.announced_s(recording, files, options.channels)


def prepare(recording: Recording, files: Mapping[str, Path], flac: Path, options: AudioOptions) -> Prepared:
    """Prepare the audio of a recording: see ``agents.audio.core``."""
    from agents.audio import core  # noqa: PLC0415 - as above

    return core.prepare(recording, files, flac, options)


def load() -> None:
    """Load what ``prepare`` uses."""
    from agents.audio import core  # noqa: PLC0415 - as above

    core.warm_up()


def ready() -> None:
    """Come back as soon as a child has loaded everything."""
