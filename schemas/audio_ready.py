"""calls.audio: a recording has been decoded, and it is known who spoke when."""

from schemas.event import CallEvent
from schemas.speech import ClaimCheck, RecordingFacts, Speaker, SpeechFigures, SpeechSegment


class AudioReady(CallEvent):
    """The prepared audio of a call: one 16 kHz channel per speaker, behind a claim check."""

    audio: ClaimCheck
    """The prepared audio: FLAC, 16 bit, 16,000 Hz, channel 0 customer and channel 1 agent."""
    recording_facts: RecordingFacts
    """What the recording turned out to be."""
    speech: dict[Speaker, tuple[SpeechSegment, ...]]
    """Each speaker's stretches of speech: sorted, disjoint, inside the recording."""
    figures: SpeechFigures
    """Talk, silence and overlap."""
