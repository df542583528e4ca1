"""calls.audio: a recording has been decoded, and it is known who spoke when."""

from schemas.event import CallEvent
from schemas.recording import RecordingFacts
from schemas.speech import SIDES, ClaimCheck, Speaker, SpeechFigures, SpeechSegment


class AudioReady(CallEvent):
    """The prepared audio of a call: one 16 kHz channel per speaker, behind a claim check."""

    audio: ClaimCheck
    """The prepared audio: FLAC, 16 bit, 16,000 Hz, one channel per speaker."""
    audio_channels: tuple[Speaker, ...] = SIDES
    """Who is on which channel of the prepared audio, in order; ("undivided",) where the speakers are not kept apart."""
    recording_facts: RecordingFacts
    """What the recording turned out to be."""
    speech: dict[Speaker, tuple[SpeechSegment, ...]]
    """Each speaker's stretches of speech: sorted, disjoint, inside the recording."""
    figures: SpeechFigures
    """Talk, silence and overlap."""
    language: str | None = None
    """Language of the call as a BCP 47 tag, if the PBX said so."""
