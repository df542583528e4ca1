"""calls.classified: what a call was for, with the reason."""

from pydantic import Field, NonNegativeFloat, NonNegativeInt

from schemas.call_transcribed import Turn
from schemas.event import CallEvent, Part
from schemas.recording import RecordingFacts
from schemas.speech import ClaimCheck, Speaker, SpeechFigures


class Evidence(Part):
    """A turn that the decision rests on."""

    turn: NonNegativeInt
    """Position of the turn in the transcript, counted from 0."""
    speaker: Speaker
    """Who said it."""
    start_s: NonNegativeFloat
    """Seconds from the start of the recording."""
    end_s: NonNegativeFloat
    """Seconds from the start of the recording."""
    quote: str
    """What was said; cut after 500 characters, with "…" at the end."""


class Versions(Part):
    """What produced an outcome: with the same versions, the same transcript gives the same classification id."""

    taxonomy: str
    """Version of taxonomy.yaml."""
    prompt: str | None
    """Version of the prompt; null where no prompt was used."""
    model: str
    """The model that decided: Gemini's name, the offline classifier's version, or ``rule:no-customer-speech``."""
    speech_model: str
    """The speech model that made the transcript."""


class Decision(Part):
    """What a call was for."""

    category: str
    """Code of the category in taxonomy.yaml."""
    sub_category: str | None
    """Code of the sub-category; null for a category that has none."""
    confidence: float = Field(ge=0.0, le=1.0)
    """How sure the classifier is, 0 to 1."""
    justification: str
    """Why, in the language of the call."""
    evidence: tuple[Evidence, ...] = ()
    """The turns that the decision rests on."""
    summary: str | None = None
    """What the call was about, in the language of the call; null where the classifier makes none."""
    best_guess: str | None = None
    """For an uncertain call: the leaf that came closest to being believed; otherwise null."""


class CallClassified(CallEvent):
    """A call with its category and the reason for it."""

    classification_id: str
    """Identifier of this classification: the same transcript, taxonomy, prompt and model give the same one."""
    classifier: str
    """Which classifier decided: gemini, gemini-legacy, offline, or rule."""
    decision: Decision
    """Category, confidence, justification and evidence."""
    versions: Versions
    """What produced the decision."""
    turns: tuple[Turn, ...]
    """The transcript. Empty where ``turns_claim`` is set."""
    turns_claim: ClaimCheck | None = None
    """Where the turns lie (a JSON array) if they are too large for a message; null: they are in ``turns``."""
    transcript_confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """Mean of all words' confidences, 0 to 1; null where nothing was recognised."""
    language: str
    """Language of the transcript, as a BCP 47 tag."""
    recording_facts: RecordingFacts
    """What the recording turned out to be."""
    figures: SpeechFigures
    """Talk, silence and overlap."""
