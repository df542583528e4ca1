"""What the audio stage computes: from files on disk to prepared audio and who spoke when. No Kafka, no network.

Everything is done block by block, so that a recording of hours takes no more memory than one of minutes.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from agents.audio.channels import BLOCK, Source, opened
from agents.audio.crosstalk import Crosstalk, same_mix, without_bleed
from agents.audio.decode import Samples
from agents.audio.loudness import Loudness
from agents.audio.peaks import Peaks
from agents.audio.prepared import AudioOptions, Prepared
from agents.audio.resample import SAMPLE_RATE_HZ
from agents.audio.speech_figures import speech_figures
from agents.audio.vad import VoiceActivity, load_model
from schemas import Recording, RecordingFacts, Speaker

_COMPRESSION = 0.5
"""FLAC's level 4 of 0 to 8: a sixth less work than the usual 5 for 0.06 % more bytes."""


_KEPT_BYTES = 31 * 1024 * 1024
"""glibc gives freed memory back to the system and takes it again page by page: 6,000 page faults a call, an eighth of
its CPU time. What it once had back in one piece (32 MB at most), and twice that, it keeps from then on: mallopt(3)."""


class _Listener:
    """What is measured of all speakers while the recording is read."""

    def __init__(self, speakers: int) -> None:
        self.activity = VoiceActivity(speakers)
        self.loudness = Loudness(speakers)
        self.crosstalk = Crosstalk()
        self.peaks = Peaks()

    def push(self, block: Samples) -> None:
        self.activity.push(block)
        self.loudness.push(block)
        if len(block) == 2:
            self.crosstalk.push(block)


def announced_s(recording: Recording, files: Mapping[str, Path], channels: Mapping[Speaker, int] | None) -> float:
    """Return how long a recording says that it is, in seconds; arguments and errors as of ``channels.opened``."""
    with opened(recording, files, channels) as source:
        return source.announced_s


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
        listener = _Listener(len(source.levels))
        duration_s = _streamed(source, listener, flac)
        windows = listener.crosstalk.windows()
        segments = listener.activity.segments(threshold=options.threshold, min_silence_s=options.min_silence_s)
        levels, loudness_lufs = list(source.levels.values()), listener.loudness.integrated_lufs()
        speakers, rows = tuple(source.levels), range(len(levels))
        layout, peaks, bleed_s = source.layout, listener.peaks, [0.0 for _ in rows]
        if len(rows) == 2 and same_mix(windows):
            louder = int(windows.powers.sum(axis=1).argmax())
            _keep_one_channel(flac, louder)
            layout, peaks = "duplicated_mono", peaks.of_channel(louder)
            speakers, rows = (Speaker.UNDIVIDED,), range(louder, louder + 1)
        elif len(rows) == 2:
            for row in rows:
                segments[row], bleed_s[row] = without_bleed(segments[row], windows, row)
        speech = {speaker: segments[row] for speaker, row in zip(speakers, rows, strict=True)}
        facts = {
            speaker: levels[row].facts(loudness_lufs[row], bleed_s[row], speaks=bool(segments[row]))
            for speaker, row in zip(speakers, rows, strict=True)
        }
        return Prepared(
            speakers=speakers,
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
            peaks=peaks.dat(SAMPLE_RATE_HZ),
        )


def warm_up() -> None:
    """Load what ``prepare`` uses."""
    load_model()
    _Listener(2).push(np.zeros((2, BLOCK), np.float32))
    np.empty(_KEPT_BYTES, np.uint8)


def _streamed(source: Source, listener: _Listener, flac: Path) -> float:
    """Read the recording once: write the prepared audio and take the measurements. Returns its seconds."""
    speakers, samples = len(source.levels), 0
    with soundfile.SoundFile(
        flac, "w", SAMPLE_RATE_HZ, speakers, "PCM_16", format="FLAC", compression_level=_COMPRESSION
    ) as prepared:
        for block in source.blocks:
            in_16_bit = _as_16_bit(block)
            prepared.write(in_16_bit)
            listener.push(block)
            listener.peaks.push(in_16_bit)
            samples += block.shape[1]
        if not samples:  # libsndfile writes no FLAC at all of nothing
            prepared.write(np.zeros((1, speakers), np.int16))
    return samples / SAMPLE_RATE_HZ


def _as_16_bit(block: Samples) -> npt.NDArray[np.int16]:
    """Return the very samples that libsndfile would make of it, in a third of the time; shape (samples, channels)."""
    scaled = block.T * np.float32(32768)
    np.clip(np.rint(scaled, out=scaled), -32768, 32767, out=scaled)
    return scaled.astype(np.int16)


def _keep_one_channel(flac: Path, channel: int) -> None:
    draft = flac.with_suffix(".mono")
    with (
        soundfile.SoundFile(flac) as both,
        soundfile.SoundFile(draft, "w", SAMPLE_RATE_HZ, 1, "PCM_16", format="FLAC") as one,
    ):
        for block in both.blocks(BLOCK, dtype="int16", always_2d=True):
            one.write(block[:, channel])
    draft.replace(flac)
