"""Who is on which channel: from a recording's files to one stream of blocks with a row per speaker."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from agents.audio.decode import RecordingFile, Samples
from agents.audio.levels import Levels
from agents.audio.resample import SAMPLE_RATE_HZ, resampled
from schemas import SIDES, ChannelLayout, FilePerSpeaker, OneFile, Recording, Speaker
from streams.errors import PermanentError

BLOCK = 512 * 512
"""Samples per block at 16,000 Hz (16.4 s): what Silero's sequence model takes at once."""

_TWO_CHANNELS = {Speaker.CUSTOMER: 0, Speaker.AGENT: 1}


class ChannelMissing(PermanentError):
    """The recording lacks a channel that a speaker should be on, or nothing says who is on which of many."""


@dataclass(frozen=True)
class Source:
    """A recording as one stream."""

    files: tuple[RecordingFile, ...]
    """The customer's first, where there are two."""
    layout: ChannelLayout
    levels: Mapping[Speaker, Levels]
    """Each speaker's levels, of as much as has been streamed; in the order of the rows."""
    blocks: Iterator[Samples]
    """Shape (speakers, samples), 16,000 Hz, ``BLOCK`` samples each, the last one fewer."""
    announced_s: float
    """How long the recording says that it is, in seconds."""

    @property
    def lost_s(self) -> float:
        """Seconds of a file that could not be decoded; known when the blocks are used up."""
        return max(file.lost_s for file in self.files)

    @property
    def damaged(self) -> bool:
        """Whether anything could not be decoded; known when the blocks are used up."""
        return any(file.damaged for file in self.files)


@contextmanager
def opened(recording: Recording, files: Mapping[str, Path], channels: Mapping[Speaker, int] | None) -> Iterator[Source]:
    """Open a recording.

    Args:
        recording: As the event describes it.
        files: Where the content of each address lies on disk.
        channels: Who is on which channel where the event does not say; None: on two channels the customer is first.

    Raises:
        UndecodableRecording: Nothing in a file can be decoded.
        ChannelMissing: A speaker has no channel.
    """
    with ExitStack() as stack:
        match recording:
            case OneFile(uri=uri, channels=named, format=said):
                file = stack.enter_context(RecordingFile(files[uri], said))
                if file.streams > 1 and file.channels == 1:
                    others = [RecordingFile(files[uri], said, number) for number in range(1, file.streams)]
                    streams = (file, *map(stack.enter_context, others))
                    yield _stream_per_speaker(streams, named or channels)
                else:
                    yield _one_file(file, named or channels)
            case FilePerSpeaker(customer=customer, agent=agent):
                yield _file_per_speaker(
                    [
                        (stack.enter_context(RecordingFile(files[leg.uri], leg.format)), leg.offset_s)
                        for leg in (customer, agent)
                    ]
                )


def in_blocks(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """Cut blocks of any length into blocks of ``size`` samples; the last one may have fewer."""
    held: list[Samples] = []
    samples = 0
    for block in blocks:
        held.append(block)
        samples += block.shape[1]
        if samples >= size:
            joined = np.concatenate(held, axis=1)
            whole = samples // size * size
            yield from np.split(joined[:, :whole], whole // size, axis=1)
            held, samples = [joined[:, whole:]], samples - whole
    if samples:
        yield np.concatenate(held, axis=1)


def _one_file(file: RecordingFile, named: Mapping[Speaker, int] | None) -> Source:
    if file.channels == 1:  # whatever the event or the settings name: there is one channel
        levels = {Speaker.UNDIVIDED: Levels()}
        return Source((file,), "mono", levels, _at_16_khz(file, file.blocks(), levels), file.announced_s)
    rows = _rows(file.channels, named)
    levels = {speaker: Levels() for speaker in SIDES}
    in_order = rows == list(range(file.channels))
    blocks = _at_16_khz(file, file.blocks() if in_order else (block[rows] for block in file.blocks()), levels)
    layout: ChannelLayout = "stereo" if file.channels == 2 else "multichannel"
    return Source((file,), layout, levels, blocks, file.announced_s)


def _rows(channels: int, named: Mapping[Speaker, int] | None) -> list[int]:
    """Return the channel of each speaker.

    Raises:
        ChannelMissing: A speaker has none, or nothing says who is on which of many.
    """
    if named is None and channels > 2:
        raise ChannelMissing(
            f"the recording has {channels} channels and nothing says who is on which",
            "Say it in the event's recording.channels, or set CALLSIFT_AUDIO_CHANNELS",
        )
    chosen = named or _TWO_CHANNELS
    if missing := [f"{speaker}: {channel}" for speaker, channel in chosen.items() if channel >= channels]:
        raise ChannelMissing(
            f"the recording has {channels} channels, none for {', '.join(missing)}",
            "Say in the event's recording.channels who is where",
        )
    return [chosen[speaker] for speaker in SIDES]


def _stream_per_speaker(streams: Sequence[RecordingFile], named: Mapping[Speaker, int] | None) -> Source:
    """Take each audio stream of a file for a channel, as recorders write that keep every leg as it came."""
    legs = [streams[row] for row in _rows(len(streams), named)]
    began_s = min(file.start_s for file in legs)
    source = _file_per_speaker([(file, file.start_s - began_s) for file in legs])
    return replace(source, layout="stereo" if len(streams) == 2 else "multichannel")


def _file_per_speaker(legs: Sequence[tuple[RecordingFile, float]]) -> Source:
    """Lay two mono streams side by side, each with the seconds at which it begins; the customer's first."""
    levels = {speaker: Levels() for speaker in SIDES}
    streams = [
        _shifted(_at_16_khz(file, _mixed_down(file), {speaker: levels[speaker]}), offset_s)
        for speaker, (file, offset_s) in zip(SIDES, legs, strict=True)
    ]
    announced_s = max(offset_s + file.announced_s for file, offset_s in legs)
    files = tuple(file for file, _ in legs)
    return Source(files, "file_per_speaker", levels, _side_by_side(*streams), announced_s)


def _at_16_khz(file: RecordingFile, blocks: Iterable[Samples], levels: Mapping[Speaker, Levels]) -> Iterator[Samples]:
    """Measure the levels of what was recorded, then resample: the filter moves samples off full scale."""
    return in_blocks(resampled(_measured(file, blocks, levels), file.sample_rate_hz), BLOCK)


def _measured(file: RecordingFile, blocks: Iterable[Samples], levels: Mapping[Speaker, Levels]) -> Iterator[Samples]:
    for block in in_blocks(blocks, 16 * file.sample_rate_hz):
        for own, row in zip(levels.values(), block, strict=True):
            own.push(row, file.sample_rate_hz)
        yield block


def _mixed_down(file: RecordingFile) -> Iterator[Samples]:
    return (block.mean(axis=0, keepdims=True) for block in file.blocks())


def _shifted(blocks: Iterable[Samples], offset_s: float) -> Iterator[Samples]:
    return in_blocks(_after_silence(blocks, round(offset_s * SAMPLE_RATE_HZ)), BLOCK)


def _after_silence(blocks: Iterable[Samples], samples: int) -> Iterator[Samples]:
    for start in range(0, samples, BLOCK):
        yield np.zeros((1, min(BLOCK, samples - start)), np.float32)
    yield from blocks


def _side_by_side(customer: Iterator[Samples], agent: Iterator[Samples]) -> Iterator[Samples]:
    for pair in zip_longest(customer, agent, fillvalue=np.zeros((1, 0), np.float32)):
        length = max(block.shape[1] for block in pair)
        yield np.concatenate([np.pad(block, ((0, 0), (0, length - block.shape[1]))) for block in pair])
