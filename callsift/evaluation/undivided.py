"""Labelled calls as they come from a PBX that does not keep the speakers apart: for ``callsift eval --undivided``."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from agents.classify.labelled import LabelledDialogue, RecordedCall
from schemas import OneFile, Speaker


def undivided(
    calls: Iterable[LabelledDialogue | RecordedCall], folder: Path, channels: Mapping[Speaker, int] | None
) -> Iterator[LabelledDialogue | RecordedCall]:
    """Take the speakers from dialogues, and mix recordings down to one channel, into WAV files in ``folder``.

    ``channels`` says who is on which channel where a call does not.

    Raises:
        CallsiftError: A recording cannot be decoded.
    """
    for number, call in enumerate(calls):
        match call:
            case LabelledDialogue():
                yield call.undivided
            case RecordedCall():
                yield call.model_copy(update={"recording": _mixed(call, folder / f"{number}.wav", channels)})


def _mixed(call: RecordedCall, path: Path, channels: Mapping[Speaker, int] | None) -> OneFile:
    import soundfile  # only who evaluates recordings needs these extras

    from agents.audio.channels import opened
    from agents.audio.resample import SAMPLE_RATE_HZ

    files = {uri: Path(uri) for uri in call.recording.uris}
    with (
        opened(call.recording, files, channels) as source,
        soundfile.SoundFile(path, "w", SAMPLE_RATE_HZ, 1, "PCM_16") as mixed,
    ):
        for block in source.blocks:
            mixed.write(np.clip(block.sum(axis=0), -1, 1))
    return OneFile(uri=str(path))
