"""What the audio stage computes: from files on disk to prepared audio and who spoke when. No Kafka, no network.

Everything is done block by block, so that a recording of hours takes no more memory than one of minutes.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from agents.audio.channels import BLOCK, Source, opened
from agents.audio.crosstalk import Crosstalk, Windows, same_mix, without_bleed
from agents.audio.loudness import Loudness
from agents.audio.prepared import AudioOptions, Prepared
from agents.audio.resample import SAMPLE_RATE_HZ
from agents.audio.speech_figures import speech_figures
from agents.audio.vad import VoiceActivity, load_model
from schemas import ChannelFacts, Recording, RecordingFacts, Speaker, SpeechSegment


class _Listener:
    """What is measured of one speaker while the recording is read."""

    def __init__(self) -> None:
        self.activity = VoiceActivity()
        self.loudness = Loudness()

    def push(self, signal: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        self.activity.push(signal)
        self.loudness.push(signal)


def prepare(recording: Recording, files: Mapping[str, Path], flac: Path, options: AudioOptions) -> Prepared:
    """Decode a recording, split it by speaker and find the speech in it.

    Args:
        recording: As the event describes it.
        files: Where the content of each address that the recording names lies on disk.
        flac: Where to write the prepared audio: FLAC, 16 bit, 16,000 Hz, one channel per speaker.
        options: How to listen.

    Raises:
        UndecodableRecording: Nothing in a file can be decoded.
        ChannelMissing: A speaker has no channel.
    """
    with opened(recording, files, options.channels) as source:
        listeners = {speaker: _Listener() for speaker in source.levels}
        duration_s, windows = _streamed(source, listeners, flac)
        facts = {
            speaker: source.levels[speaker].facts(listener.loudness.integrated_lufs())
            for speaker, listener in listeners.items()
        }
        speech = {
            speaker: listener.activity.segments(threshold=options.threshold, min_silence_s=options.min_silence_s)
            for speaker, listener in listeners.items()
        }
        layout = source.layout
        if len(speech) == 2 and same_mix(windows):
            layout = "duplicated_mono"
            louder = int(windows.powers.sum(axis=1).argmax())
            _keep_one_channel(flac, louder)
            speech = {Speaker.UNDIVIDED: list(speech.values())[louder]}
            facts = {Speaker.UNDIVIDED: list(facts.values())[louder]}
        elif len(speech) == 2:
            speech, facts = _without_bleed(speech, facts, windows)
        return Prepared(
            speakers=tuple(speech),
            recording_facts=RecordingFacts(
                duration_s=round(duration_s, 3),
                codec=source.files[0].codec,
                sample_rate_hz=source.files[0].recorded_rate_hz,
                damaged=source.damaged,
                lost_s=round(source.lost_s, 3),
                channel_layout=layout,
                channels=facts,
            ),
            speech=speech,
            figures=speech_figures(speech, duration_s),
        )


def warm_up() -> None:
    """Load what ``prepare`` uses; the first use takes seconds."""
    load_model()
    _Listener().push(np.zeros(512, np.float32))


def _streamed(source: Source, listeners: Mapping[Speaker, _Listener], flac: Path) -> tuple[float, Windows]:
    """Read the recording once: write the prepared audio and take the measurements."""
    crosstalk, samples = Crosstalk(), 0
    with soundfile.SoundFile(flac, "w", SAMPLE_RATE_HZ, len(listeners), "PCM_16", format="FLAC") as prepared:
        for block in source.blocks:
            prepared.write(block.T)
            for listener, signal in zip(listeners.values(), block, strict=True):
                listener.push(signal)
            if len(listeners) == 2:
                crosstalk.push(block)
            samples += block.shape[1]
        if not samples:  # libsndfile writes no FLAC at all of nothing
            prepared.write(np.zeros((1, len(listeners)), np.float32))
    return samples / SAMPLE_RATE_HZ, crosstalk.windows()


def _keep_one_channel(flac: Path, channel: int) -> None:
    draft = flac.with_suffix(".mono")
    with (
        soundfile.SoundFile(flac) as both,
        soundfile.SoundFile(draft, "w", SAMPLE_RATE_HZ, 1, "PCM_16", format="FLAC") as one,
    ):
        for block in both.blocks(BLOCK, dtype="int16", always_2d=True):
            one.write(block[:, channel])
    draft.replace(flac)


def _without_bleed(
    speech: Mapping[Speaker, tuple[SpeechSegment, ...]], facts: Mapping[Speaker, ChannelFacts], windows: Windows
) -> tuple[dict[Speaker, tuple[SpeechSegment, ...]], dict[Speaker, ChannelFacts]]:
    left = {speaker: without_bleed(own, windows, row) for row, (speaker, own) in enumerate(speech.items())}
    return (
        {speaker: own for speaker, (own, _) in left.items()},
        {speaker: own.model_copy(update={"bleed_s": left[speaker][1]}) for speaker, own in facts.items()},
    )
