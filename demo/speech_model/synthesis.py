"""Speech from espeak-ng with the exact time of every phoneme, through ``libespeak-ng`` and ctypes.

The library keeps its state in global variables: one process may synthesize one text at a time.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 22050
PAUSES = {"", "_", "_:", "_::", "_!", "_|", "_;_"}
"""The phoneme names that espeak-ng gives to silence."""

# Numbers from espeak-ng's speak_lib.h.
EVENT_LIST_END, EVENT_WORD, EVENT_END, EVENT_PHONEME = 0, 1, 5, 7
PARAMETER_RATE, PARAMETER_PITCH, PARAMETER_RANGE = 1, 3, 4
OUTPUT_SYNCHRONOUS = 2
REPORT_PHONEMES, DO_NOT_EXIT = 1, 1 << 15
POSITION_CHARACTER, CHARS_UTF8 = 1, 1


class _Identifier(ctypes.Union):
    _fields_: ClassVar = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class PhoneSpan:
    """One phone (or a pause) and when it is heard, in seconds from the start of the audio."""

    start_s: float
    end_s: float
    phone: str | None
    """espeak-ng's phoneme name without stress; None is a pause."""


@dataclass(frozen=True)
class Speech:
    """A synthesized text."""

    samples: NDArray[np.int16]
    """Mono, at SAMPLE_RATE_HZ."""

    spans: list[PhoneSpan]

    words: list[list[str]]
    """The phones of each spoken word, in order."""


@dataclass
class _Recorder:
    """What the library hands to its callback while it speaks one text."""

    blocks: list[NDArray[np.int16]] = field(default_factory=list)
    marks: list[tuple[int, str | None]] = field(default_factory=list)
    words: list[list[str]] = field(default_factory=list)

    def clear(self) -> None:
        """Begin the next text."""
        self.blocks, self.marks, self.words = [], [], []

    def take(self, block: Any, length: int, events: Any) -> int:
        """The callback: some audio and what was spoken in it. Zero asks for more."""
        if block and length > 0:
            self.blocks.append(np.ctypeslib.as_array(block, shape=(length,)).copy())
        index = 0
        while events[index].type != EVENT_LIST_END:
            event = events[index]
            if event.type == EVENT_WORD:
                self.words.append([])
            elif event.type == EVENT_PHONEME:
                self._phoneme(event)
            elif event.type == EVENT_END:
                self.marks.append((event.sample, None))
            index += 1
        return 0

    def _phoneme(self, event: _Event) -> None:
        # The name is eight raw bytes inside the event, zero-terminated unless it fills them.
        name = ctypes.string_at(ctypes.addressof(event) + _Event.id.offset, 8).split(b"\0")[0].decode("utf-8")
        phone = None if name in PAUSES else name
        if phone:
            self.words[-1].append(phone)
        self.marks.append((event.sample, phone))


_recorder = _Recorder()


@cache
def _library() -> tuple[ctypes.CDLL, Callable[..., int]]:
    """The initialised library, and its callback, which must live as long as the library."""
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate_hz = library.espeak_Initialize(OUTPUT_SYNCHRONOUS, 0, None, REPORT_PHONEMES | DO_NOT_EXIT)
    if rate_hz != SAMPLE_RATE_HZ:
        raise RuntimeError(f"espeak-ng should speak at {SAMPLE_RATE_HZ} Hz, but answered {rate_hz}")
    callback = _CALLBACK(_recorder.take)
    library.espeak_SetSynthCallback(callback)
    return library, callback


def say(
    text: str,
    variant: str = "",
    words_per_minute: int = 165,
    pitch: int = 50,
    pitch_range: int = 50,
    language: str = "tr",
) -> Speech:
    """Speak text.

    Args:
        text: What to say; a comma is a short pause.
        variant: An espeak-ng voice variant such as "f2"; empty is the language's plain voice.
        words_per_minute: 80 to 450.
        pitch: 0 to 99.
        pitch_range: 0 (monotone) to 99.
        language: espeak-ng's voice of the language.
    """
    library, _ = _library()
    voice = f"{language}+{variant}" if variant else language
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice!r}")
    library.espeak_SetParameter(PARAMETER_RATE, words_per_minute, 0)
    library.espeak_SetParameter(PARAMETER_PITCH, pitch, 0)
    library.espeak_SetParameter(PARAMETER_RANGE, pitch_range, 0)
    _recorder.clear()
    data = text.encode() + b"\0"
    if library.espeak_Synth(data, len(data), 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None) != 0:
        raise RuntimeError(f"espeak-ng could not speak {text!r}")
    library.espeak_Synchronize()
    return _speech(_recorder)


def _speech(recorder: _Recorder) -> Speech:
    samples = np.concatenate(recorder.blocks) if recorder.blocks else np.zeros(0, np.int16)
    ends = [sample for sample, _ in recorder.marks[1:]] + [len(samples)]
    spans = [
        PhoneSpan(start / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, phone)
        for (start, phone), end in zip(recorder.marks, ends, strict=True)
        if end > start
    ]
    # espeak-ng reports an empty word at the end of some sentences.
    return Speech(samples, spans, [word for word in recorder.words if word])
