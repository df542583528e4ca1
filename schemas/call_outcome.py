"""calls.outcomes: what downstream teams consume, one key per call, the newest revision wins."""

from typing import Literal, Self

from pydantic import AwareDatetime, Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from schemas.call_classified import Evidence, Insights, Sentiment, Usage, Versions
from schemas.event import CallFacts, Hop, Part
from schemas.recording import RecordingFacts
from schemas.speech import SpeechFigures


class Failure(Part):
    """Why a call has no category."""

    stage: str
    """The stage that gave up."""
    error_type: str
    """Name of the error."""
    message: str
    """What was expected and what was found. Holds no transcript and no credentials."""
    cure: str
    """What a person can do about it."""


class CallOutcome(CallFacts):
    """How a call ended, for everybody else."""

    state: Literal["done", "failed"]
    """done: the call has a category. failed: it could not be processed; ``failure`` says why, a replay may mend it."""
    outcome_id: str
    """Identifier of this outcome; a consumer that has seen it may drop the message. A correction has another one."""
    revision: PositiveInt = 1
    """Counts the outcomes of one call; a higher one replaces a lower one."""
    category: str | None = None
    """Code of the category in taxonomy.yaml; null in state failed."""
    sub_category: str | None = None
    """Code of the sub-category; null for a category that has none."""
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """How sure the classifier is, 0 to 1; null in state failed."""
    best_guess: str | None = None
    """For an uncertain call: the leaf that came closest to being believed; otherwise null."""
    justification: str | None = None
    """Why, in the language of the call; null in state failed."""
    evidence: tuple[Evidence, ...] = ()
    """The turns that the decision rests on, quoted, with their times."""
    summary: str | None = None
    """What the call was about; null where the classifier makes none."""
    classifier: str | None = None
    """Which classifier decided: gemini, gemini-legacy, offline, or rule (no customer speech)."""
    provisional: bool = False
    """Whether a simpler classifier decided because the chosen one was away or its budget spent: to be done again."""
    sentiment: Sentiment | None = None
    """How the customer sounds; null where the classifier does not say."""
    insights: Insights | None = None
    """What else was said; null where the classifier does not say."""
    usage: Usage | None = None
    """What asking a hosted model took; null where no hosted model was asked."""
    figures: SpeechFigures | None = None
    """Talk, silence and overlap; null in state failed."""
    recording_facts: RecordingFacts | None = None
    """What the recording turned out to be; null in state failed."""
    language: str | None = None
    """Language of the transcript, as a BCP 47 tag; null in state failed."""
    turns_withheld: NonNegativeInt = 0
    """How many turns of the transcript say only ``[withheld]``, because the redaction failed on them; 0: none."""
    transcript_confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """Mean of all words' confidences, 0 to 1; null in state failed, and where nothing was recognised."""
    stage_seconds: dict[str, NonNegativeFloat] = Field(default_factory=dict)
    """Seconds of work in each stage that the call passed."""
    decided_at: AwareDatetime
    """When the outcome was decided (UTC)."""
    versions: Versions | None = None
    """What produced the outcome; null in state failed."""
    failure: Failure | None = None
    """Why there is no category; null in state done."""
    left_out: tuple[str, ...] = ()
    """Fields that are missing here because the outcome was too large for a message; the document has them."""

    @model_validator(mode="after")
    def _state_and_content_agree(self) -> Self:
        if self.state == "done" and (self.category is None or self.failure is not None):
            raise ValueError("an outcome in state done has a category and no failure")
        if self.state == "failed" and (self.category is not None or self.failure is None):
            raise ValueError("an outcome in state failed has a failure and no category")
        return self

    def stamped(self, hop: Hop) -> Self:
        """Return the same outcome with one more hop, its seconds included."""
        return super().stamped(hop).model_copy(update={"stage_seconds": self.stage_seconds | {hop.stage: hop.seconds}})
