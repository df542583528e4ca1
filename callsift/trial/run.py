"""Running a folder's recordings through the stages, one after the other, in this process."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from agents.audio.settings import AudioSettings
from agents.classify.agent import make_classifier, make_model
from agents.classify.hosted import HostedClassifier
from agents.classify.settings import ClassifySettings
from agents.transcribe.models import SpeechModels
from agents.transcribe.recognise import load_model
from agents.transcribe.settings import TranscribeSettings
from callsift.commands.output import harmless
from callsift.inspection import Inspected, inspect_recording
from callsift.trial.health import Finding, findings
from callsift.trial.sizing import Cost
from schemas import SIDES, OneFile, Taxonomy
from sources.folder.names import SOUNDS
from streams.errors import CallsiftError

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


class Recordings(NamedTuple):
    """What a folder has."""

    drawn: list[Path]
    """Those to try, spread evenly over all by name."""
    all: int
    """How many it has."""
    empty: int
    """How many more are empty."""


def recordings(folder: Path, most: int) -> Recordings:
    """Find a folder's recordings, and draw at most ``most``; hidden files and other files are passed over."""
    named = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix[1:].lower() in SOUNDS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    found = [path for path in named if path.stat().st_size > EMPTY_BYTES]
    step = max(1.0, len(found) / most)
    drawn = [found[int(place * step)] for place in range(min(most, len(found)))]
    return Recordings(drawn, len(found), len(named) - len(found))


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

        Raises:
            CallsiftError: Speech model or classifier cannot be used: no recording could be tried.
        """
        load_model(SpeechModels(transcribe).chosen(language).folder)  # now, or the first recording pays for it
        make_classifier(classify, Taxonomy.load())
        self._settings = audio, transcribe, classify
        self._language = language
        self._channels = dict(zip(SIDES, channels, strict=True)) if channels else None
        self._hosted = HostedClassifier(make_model(asked), asked, Taxonomy.load())

    def of(self, paths: Sequence[Path], folder: Path, done: Callable[[str], None]) -> list[Tried]:
        """Try recordings, and call ``done`` with the name of each after it."""
        tried = []
        for path in paths:
            tried.append(self._one(path, harmless(str(path.relative_to(folder)))))
            done(tried[-1].name)
        return tried

    def _one(self, path: Path, name: str) -> Tried:
        try:
            recording = OneFile(uri=_address(path), channels=self._channels)
            found = inspect_recording(recording, self._language, *self._settings)
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


def _address(path: Path) -> str:
    """Return a path as events name it: they are UTF-8, and names in a folder need not be."""
    try:
        return os.fsencode(path).decode()
    except UnicodeDecodeError:
        raise CallsiftError("its name is not UTF-8", "Rename it, and have the PBX use UTF-8") from None
