"""calls.transcripts: what was said in a call, turn by turn."""

from pydantic import Field, NonNegativeFloat, NonNegativeInt

from schemas.event import CallEvent, Part
from schemas.from_outside import Text
from schemas.recording import RecordingFacts
from schemas.speech import ClaimCheck, Speaker, SpeechFigures


class Word(Part):
    """One recognised word."""

    text: Text
    """The word as the recogniser writes it: lower case, no punctuation."""
    start_s: NonNegativeFloat
    """Seconds from the start of the recording."""
    end_s: NonNegativeFloat
    """Seconds from the start of the recording."""
    confidence: float = Field(ge=0.0, le=1.0)
    """The recogniser's confidence, 0 to 1."""
    heard: Text | None = None
    """What the recogniser wrote, where the list of corrections replaced it."""


class Turn(Part):
    """What one speaker said until the other took over."""

    speaker: Speaker
    """Who spoke."""
    start_s: NonNegativeFloat
    """Start of the first word, in seconds from the start of the recording."""
    end_s: NonNegativeFloat
    """End of the last word, in seconds from the start of the recording."""
    text: Text
    """The words, joined by single spaces."""
    normalised: Text | None = None
    """The text with spoken numbers as digits (beş yüz otuz iki → 532). Null in events from before this was made."""
    confidence: float = Field(ge=0.0, le=1.0)
    """Mean of the words' confidences, 0 to 1."""
    words: tuple[Word, ...] = ()
    """The words with their times."""


class Spoken(CallEvent):
    """An event that carries what was said."""

    turns: tuple[Turn, ...]
    """What was said, speakers merged, in the order in which the turns began. Empty where ``turns_claim`` is set."""
    turns_claim: ClaimCheck | None = None
    """Where the turns lie (a JSON array) if they are too large for a message; null: they are in ``turns``."""
    turns_withheld: NonNegativeInt = 0
    """How many turns say only ``[withheld]``, because the redaction failed on them; 0: none."""
    transcript_confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """Mean of all words' confidences, 0 to 1; null where nothing was recognised."""
    supersedes_label: str | None = None
    """Identifier of the person's label that the classifier's answer is to replace; null: it replaces none."""
    previous_outcome: str | None = None
    """Identifier of the stored outcome after which the call is classified again; null: it is not out of the store."""


class CallTranscribed(Spoken):
    """The transcript of a call."""

    language: str
    """Language of the speech model, as a BCP 47 tag."""
    speech_model: str
    """Name and fingerprint of the speech model that decoded the call."""
    recording_facts: RecordingFacts
    """What the recording turned out to be."""
    figures: SpeechFigures
    """Talk, silence and overlap."""
