"""Running a folder's recordings through the stages, one after the other, in this process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.audio.settings import AudioSettings
from agents.classify.agent import make_model
from agents.classify.hosted import HostedClassifier
from agents.classify.settings import ClassifySettings
from agents.transcribe.settings import TranscribeSettings
from callsift.inspection import Inspected, inspect_recording
from callsift.trial.health import Finding, findings
from callsift.trial.sizing import Cost
from schemas import SIDES, OneFile, Taxonomy
from streams.errors import CallsiftError

_ENDINGS = "wav mp3 ogg opus flac gsm au aac m4a mp4 amr wma webm mka mkv wv aiff aif 3gp"
SOUND = frozenset(f".{ending}" for ending in _ENDINGS.split())
"""Endings of recordings; other files of a folder are passed over."""
EMPTY_BYTES = 44
"""A WAV of that size is its header alone: a PBX writes it when nothing was recorded."""


@dataclass(frozen=True)
class Tried:
    """A recording and what came of it."""

    name: str
    """Its path within the folder."""
    found: Inspected | None
    """What the stages made of it; None: it failed."""
    findings: Sequence[Finding]
    cost: Cost | None
    error: CallsiftError | None = None
    """Why it failed."""


def recordings(folder: Path, most: int) -> tuple[list[Path], int]:
    """Return at most ``most`` recordings of a folder, spread evenly over all by name, and how many there are.

    Hidden files, other files and empty recordings are passed over.
    """
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.casefold() in SOUND
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
        and path.stat().st_size > EMPTY_BYTES
    )
    step = max(1.0, len(found) / most)
    return [found[int(place * step)] for place in range(min(most, len(found)))], len(found)


class Trial:
    """The stages with their settings."""

    def __init__(
        self,
        audio: AudioSettings,
        transcribe: TranscribeSettings,
        classify: ClassifySettings,
        asked: ClassifySettings,
        *,
        language: str | None,
        channels: tuple[int, int] | None,
    ) -> None:
        """Keep the settings.

        Args:
            audio: Of the audio stage.
            transcribe: Of the transcribe stage.
            classify: Of the classify stage.
            asked: Of a hosted classifier, which is asked nothing: it only estimates what asking would cost.
            language: Of the calls; None: the default.
            channels: The customer's and the agent's, counted from 0; None: as the settings have it.
        """
        self._settings = audio, transcribe, classify
        self._language = language
        self._channels = dict(zip(SIDES, channels, strict=True)) if channels else None
        self._hosted = HostedClassifier(make_model(asked), asked, Taxonomy.load())

    def of(self, paths: Sequence[Path], folder: Path, done: Callable[[str], None]) -> list[Tried]:
        """Try recordings, and call ``done`` with the name of each after it."""
        tried = []
        for path in paths:
            tried.append(self._one(path, str(path.relative_to(folder))))
            done(tried[-1].name)
        return tried

    def _one(self, path: Path, name: str) -> Tried:
        try:
            found = inspect_recording(OneFile(uri=str(path), channels=self._channels), self._language, *self._settings)
        except CallsiftError as error:
            return Tried(name, None, (), None, error)
        facts = found.audio.recording_facts
        asked = self._hosted.estimated(found.transcript.turns, None) if found.transcript.turns else None
        cost = Cost(
            seconds=facts.duration_s,
            cpu_s=sum(found.cpu_s.values()),
            stored_bytes=found.prepared_bytes,
            tokens=asked.prompt_tokens + asked.answer_tokens if asked else 0,
            price=(asked.cost or 0.0) if asked else 0.0,
        )
        return Tried(name, found, findings(facts, found.audio.figures), cost)
