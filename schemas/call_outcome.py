"""calls.outcomes: what downstream teams consume, one key per call, the newest revision wins."""

from typing import Literal, Self

from pydantic import AwareDatetime, Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from schemas.call_annotated import LaterFacts, LeafName
from schemas.call_classified import AnsweredQuestion, Evidence, Insights, Sentiment, Usage, Versions
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


class MachineAnswer(LeafName):
    """What a classifier said of a call whose category a person decided."""

    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """How sure it was, 0 to 1."""
    best_guess: str | None = None
    """Where it was uncertain: the leaf that came closest to being believed; otherwise null."""
    justification: str | None = None
    """Why, in the language of the call."""
    evidence: tuple[Evidence, ...] = ()
    """The turns that its decision rests on, quoted, with their times."""


class DecidingLabel(Part):
    """The label of a person that decided the category."""

    label_id: str
    """Identifier of the label; the API shows it at the call's labels."""
    at: AwareDatetime
    """When the person decided (UTC)."""


class CallOutcome(CallFacts):
    """How a call ended, for everybody else."""

    state: Literal["done", "failed", "unrecorded"]
    """done: the call has a category. failed: it could not be processed; ``failure`` says why, a replay may mend it.
    unrecorded: there is no recording, and so no category: ``disposition`` says how the call went."""
    outcome_id: str
    """Identifier of this outcome; a consumer that has seen it may drop the message. A correction has another one."""
    revision: PositiveInt = 1
    """Counts the outcomes of one call; a higher one replaces a lower one."""
    source: Literal["machine", "human"] = "machine"
    """Who decided the category: a classifier, or a person. A classifier's later answer replaces no person's."""
    category: str | None = None
    """Code of the category in taxonomy.yaml; null unless state is done."""
    sub_category: str | None = None
    """Code of the sub-category; null for a category that has none."""
    label: DecidingLabel | None = None
    """The person's label that decided; null where source is machine."""
    machine: MachineAnswer | None = None
    """What the classifier says, its newest answer, where a person decided; null where source is machine, and where
    the call had failed."""
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """How sure the classifier is, 0 to 1; null unless state is done, and where a person decided: then it is in machine,
    as are best_guess, justification and evidence."""
    best_guess: str | None = None
    """For an uncertain call: the leaf that came closest to being believed; otherwise null."""
    justification: str | None = None
    """Why, in the language of the call; null unless state is done."""
    evidence: tuple[Evidence, ...] = ()
    """The turns that the decision rests on, quoted, with their times."""
    summary: str | None = None
    """What the call was about; null where the classifier makes none."""
    classifier: str | None = None
    """Which classifier answered: gemini, gemini-legacy, offline, or rule (no customer speech)."""
    provisional: bool = False
    """Whether a simpler classifier decided because the chosen one was away or its budget spent: to be done again."""
    sentiment: Sentiment | None = None
    """How the customer sounds; null where the classifier does not say."""
    insights: Insights | None = None
    """What else was said; null where the classifier does not say."""
    answers: dict[str, AnsweredQuestion] | None = None
    """What the call says to the company's own questions, by their codes in taxonomy.yaml; null where the classifier
    answers none, or there are none."""
    usage: Usage | None = None
    """What asking a hosted model took; null where no hosted model was asked."""
    figures: SpeechFigures | None = None
    """Talk, silence and overlap; null unless state is done."""
    recording_facts: RecordingFacts | None = None
    """What the recording turned out to be; null unless state is done."""
    language: str | None = None
    """Language of the transcript, as a BCP 47 tag; null unless state is done."""
    turns_withheld: NonNegativeInt = 0
    """How many turns of the transcript say only ``[withheld]``, because the redaction failed on them; 0: none."""
    transcript_confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """Mean of all words' confidences, 0 to 1; null unless state is done, and where nothing was recognised."""
    stage_seconds: dict[str, NonNegativeFloat] = Field(default_factory=dict)
    """Seconds of work in each stage that the call passed."""
    facts: LaterFacts = Field(default_factory=dict)
    """What became of the call, as was said afterwards, by name: job_booked (true or false), value (a number, in units
    of currency, as ISO 4217 names it), and whatever else; what is not there is not known."""
    facts_at: dict[str, AwareDatetime] = Field(default_factory=dict)
    """When each of the facts was said (UTC), also of those that were taken back: an older word replaces no newer."""
    decided_at: AwareDatetime
    """When the classifier's answer, or the failure, was stored (UTC); a person's label has a time of its own."""
    versions: Versions | None = None
    """What produced the classifier's answer; null unless state is done."""
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
        if self.state == "unrecorded" and (self.category, self.failure) != (None, None):
            raise ValueError("an outcome in state unrecorded has neither a category nor a failure")
        if self.state == "unrecorded" and self.disposition is None:
            raise ValueError("an outcome in state unrecorded has a disposition")
        return self

    def stamped(self, hop: Hop) -> Self:
        """Return the same outcome with one more hop, its seconds included."""
        return super().stamped(hop).model_copy(update={"stage_seconds": self.stage_seconds | {hop.stage: hop.seconds}})
