"""What is listened to: long recordings made from the demo calls, and prepared by the audio stage itself."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from agents.audio.core import prepare
from agents.audio.prepared import AudioOptions, Prepared
from agents.audio.resample import SAMPLE_RATE_HZ
from agents.audio.settings import AudioSettings
from callsift.calls import call_ended
from callsift.demo_files import RECORDINGS
from callsift.demonstration import read_labels
from schemas import SIDES, AudioReady, OneFile, Speaker, SpeechSegment
from streams.payloads import DECODED, ClaimCheckStore

LENGTH_S = 600.0
"""Seconds that a recording has at the least."""
LONGEST_PAUSE_S = 0.15
"""What is left of a pause in which neither side speaks, where the speakers shall talk half of the time each."""


@dataclass(frozen=True)
class Recorded:
    """Both sides of a call, and what was really said."""

    samples: npt.NDArray[np.int16]
    """Shape (2, samples), 16,000 Hz, the customer first."""
    said: Mapping[Speaker, tuple[str, ...]]
    """The words of each side, in order."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[1]) / SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Call:
    """A call as the transcribe stage takes it, and what was really said."""

    event: AudioReady
    recording: Path
    """The WAV that it was prepared from."""
    flac: Path
    """The prepared audio."""
    said: Mapping[Speaker, tuple[str, ...]]
    """The words of each side, in order."""
    preparing_cpu_s: float
    """CPU seconds that preparing it took."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.event.recording_facts.duration_s


class Studio:
    """The audio stage's computation, and the store that the transcribe stage takes its audio from."""

    def __init__(self, folder: Path, model: Path) -> None:
        """Keep everything in ``folder``; ``model`` is the folder of the speech model that is measured."""
        self._folder = folder
        self.model = model
        self._store_folder = folder / "store"
        self.store = ClaimCheckStore(self._store_folder.as_uri())

    def demo_calls(self) -> list[tuple[Recorded, Prepared]]:
        """Return every demo call in which both sides speak, as the audio stage prepares it."""
        found = []
        for call in read_labels():
            flac = self._folder / f"{call.name}.flac"
            prepared = prepare(
                call.recording, {name: RECORDINGS / name for name in call.recording.uris}, flac, _options()
            )
            if all(prepared.speech.get(speaker) for speaker in SIDES):
                samples, _ = soundfile.read(flac, dtype="int16")
                said = {
                    speaker: tuple(word for turn in call.turns if turn.speaker == speaker for word in turn.text.split())
                    for speaker in SIDES
                }
                found.append((Recorded(samples.T, said), prepared))
        return found

    def call(self, name: str, recorded: Recorded) -> Call:
        """Let the audio stage prepare a recording."""
        path, flac = self._folder / f"{name}.wav", self._folder / f"{name}.flac"
        soundfile.write(path, recorded.samples.T, SAMPLE_RATE_HZ, "PCM_16")
        recording = OneFile(uri=path.as_uri())
        began_s = time.process_time()
        prepared = prepare(recording, {recording.uri: path}, flac, _options())
        spent_s = time.process_time() - began_s
        event = AudioReady.following(
            call_ended(name, recording),
            audio=self.store.put_file(flac.name, flac),
            audio_channels=prepared.speakers,
            recording_facts=prepared.recording_facts,
            speech=prepared.speech,
            figures=prepared.figures,
        )
        return Call(event, path, flac, recorded.said, spent_s)

    def forget_decoded(self) -> None:
        """Remove the transcribe stage's checkpoints: a repetition shall decode everything again."""
        shutil.rmtree(self._store_folder / DECODED.name, ignore_errors=True)


def joined(parts: Sequence[Recorded]) -> Recorded:
    """Return recordings as one, one after the other."""
    said = {speaker: tuple(word for part in parts for word in part.said[speaker]) for speaker in SIDES}
    return Recorded(np.concatenate([part.samples for part in parts], axis=1), said)


def repeated(parts: Sequence[Recorded], seconds: float) -> list[Recorded]:
    """Return so many of the parts, from the first again after the last, that they last ``seconds`` at the least."""
    chosen: list[Recorded] = []
    for part in cycle(parts):
        if sum(one.seconds for one in chosen) >= seconds:
            return chosen
        chosen.append(part)
    return chosen


def half_each(calls: Sequence[tuple[Recorded, Prepared]]) -> tuple[Recorded, Recorded]:
    """Return two recordings of the same length in which each side talks for about half of the time.

    Pauses of both sides are cut short, and every call follows once more with its sides swapped, so that both talk for
    equally long. The second recording is the first with its halves in the other order.
    """
    short = [without_long_pauses(recorded, prepared) for recorded, prepared in calls]
    other = [Recorded(one.samples[::-1], dict(zip(reversed(SIDES), one.said.values(), strict=True))) for one in short]
    first, second = joined(short), joined(other)
    return joined([first, second]), joined([second, first])


def without_long_pauses(recorded: Recorded, prepared: Prepared) -> Recorded:
    """Cut what is left of each pause of both sides down to ``LONGEST_PAUSE_S``."""
    kept = np.zeros(recorded.samples.shape[1], bool)
    for segment in (segment for speaker in SIDES for segment in prepared.speech[speaker]):
        kept[_place(segment.start_s - LONGEST_PAUSE_S / 2) : _place(segment.end_s + LONGEST_PAUSE_S / 2)] = True
    return Recorded(recorded.samples[:, kept], recorded.said)


def talk_ratio(speech: Sequence[SpeechSegment], seconds: float) -> float:
    """Return the share of the time in which somebody speaks."""
    return sum(segment.end_s - segment.start_s for segment in speech) / seconds


def _options() -> AudioOptions:
    settings = AudioSettings()
    return AudioOptions(channels=None, threshold=settings.speech_threshold, min_silence_s=settings.min_silence_s)


def _place(seconds: float) -> int:
    return max(0, round(seconds * SAMPLE_RATE_HZ))
