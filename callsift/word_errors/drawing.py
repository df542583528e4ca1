"""Drawing turns of recordings, and writing their clips."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import soundfile

from agents.audio.settings import AudioSettings
from agents.transcribe.settings import TranscribeSettings
from callsift.inspection import heard_turns, prepared_call
from callsift.word_errors.sheet import DrawnTurn
from schemas import AudioReady, OneFile, Speaker, Turn

_CONTEXT_S = 0.3
"""Sound before and after a turn, so that no word is cut for who listens."""
_SHORTEST_S, _LONGEST_S = 0.8, 20.0


def draw(
    paths: Sequence[Path],
    to: Path,
    audio: AudioSettings,
    transcribe: TranscribeSettings,
    *,
    turns: int,
    seed: int,
    language: str | None,
    done: Callable[[str], None],
) -> list[DrawnTurn]:
    """Draw turns of recordings at random, the same number of each as far as they have so many.

    Turns shorter than 0.8 s are passed over, longer ones than 20 s as well: nobody writes them down without mistakes.

    Args:
        paths: Recordings.
        to: Folder to write the clips to.
        audio: Settings of the audio stage.
        transcribe: Settings of the transcribe stage.
        turns: How many are drawn of all recordings together.
        seed: The same seed draws the same turns.
        language: Of the calls; None: the default.
        done: Called with the name of each recording after it.

    Raises:
        CallsiftError: A recording cannot be used.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    drawn: list[DrawnTurn] = []
    for position, path in enumerate(paths):
        share = -(-(turns - len(drawn)) // (len(paths) - position))
        with prepared_call(OneFile(uri=str(path)), language, audio) as (ready, flac, _):
            heard = [turn for turn in heard_turns(ready, flac, transcribe) if _is_fit(turn)]
            chosen = sorted(chance.sample(heard, min(share, len(heard))), key=lambda turn: turn.start_s)
            for turn in chosen:
                drawn.append(_drawn(len(drawn) + 1, path.name, turn, ready))
                _write_clip(flac, turn, ready, to / drawn[-1].clip)
        done(path.name)
    return drawn


def _is_fit(turn: Turn) -> bool:
    return _SHORTEST_S <= turn.end_s - turn.start_s <= _LONGEST_S


def _drawn(number: int, recording: str, turn: Turn, ready: AudioReady) -> DrawnTurn:
    facts = ready.recording_facts
    channel = facts.channels.get(Speaker(turn.speaker))
    loudness = channel.loudness_lufs if channel else None
    return DrawnTurn(
        clip=f"{number:03}.wav",
        recording=recording,
        speaker=turn.speaker.value,
        codec=facts.codec,
        loudness="unknown" if loudness is None else f"{loudness:.0f} LUFS",
        said="",
        heard=turn.text,
    )


def _write_clip(flac: Path, turn: Turn, ready: AudioReady, to: Path) -> None:
    with soundfile.SoundFile(flac) as audio:
        rate_hz = audio.samplerate
        first = max(0, round((turn.start_s - _CONTEXT_S) * rate_hz))
        audio.seek(first)
        samples = audio.read(round((turn.end_s + _CONTEXT_S) * rate_hz) - first, dtype="int16", always_2d=True)
    soundfile.write(to, samples[:, ready.audio_channels.index(turn.speaker)], rate_hz, subtype="PCM_16")
