"""calls.classified: what a call was for, with the reason."""

from typing import Literal

from pydantic import AwareDatetime, Field, FiniteFloat, NonNegativeFloat, NonNegativeInt, PositiveInt

from schemas.call_transcribed import Spoken
from schemas.event import CallEvent, Part
from schemas.question import QuestionKind
from schemas.recording import RecordingFacts
from schemas.speech import Speaker, SpeechFigures


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
    policy: str | None = None
    """Digest of the settings that decide too: the confidence floor; of a hosted model also how often it is asked, who
    else is, how much of a transcript it sees, and the callers' time zone. Null for a rule, and in outcomes of before
    there was the field."""

    @property
    def classifier(self) -> str:
        """The model with its prompt and policy: what a figure of how right it is belongs to."""
        return " ".join(filter(None, (self.model, self.prompt, self.policy)))


class Decision(Part):
    """What a call was for."""

    category: str
    """Code of the category in taxonomy.yaml."""
    sub_category: str | None
    """Code of the sub-category; null for a category that has none."""
    confidence: float = Field(ge=0.0, le=1.0)
    """How sure the classifier is, 0 to 1; a hosted model's own number is combined with what else is known."""
    justification: str
    """Why, in the language of the call."""
    evidence: tuple[Evidence, ...] = ()
    """The turns that the decision rests on."""
    summary: str | None = None
    """What the call was about, in the language of the call; null where the classifier makes none."""
    best_guess: str | None = None
    """For an uncertain call: the leaf that came closest to being believed; otherwise null."""
    stated_confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    """What a hosted model said of its own certainty, 0 to 1, before it was combined; null for other classifiers."""
    agreement: float | None = Field(default=None, ge=0.0, le=1.0)
    """Share of further opinions (samples, or the offline classifier) that named the same leaf; null: none was asked."""


Mood = Literal["positive", "neutral", "negative"]


class Sentiment(Part):
    """How the customer sounds, judged by the words alone."""

    start: Mood | None = None
    """At the start of the call; null where nothing is said that tells."""
    end: Mood | None = None
    """At the end of the call; null where nothing is said that tells."""


class Insights(Part):
    """What else was said in a call. Everything is null where it was not said; nothing is inferred to fill a gap."""

    service: str | None = None
    """Appliance or service that is asked for, in the language of the call."""
    brand: str | None = None
    """Brand of the appliance."""
    fault: str | None = None
    """The fault as the customer describes it, in a few words."""
    place: str | None = None
    """District, town or city where the work is to be done; no street and no door."""
    urgency: Literal["urgent", "soon", "flexible"] | None = None
    """How urgent the customer says it is: now or today, in the next days, or whenever it suits."""
    price_quoted: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """Price or fee that was quoted, in units of ``price_currency``; the last one where there were several."""
    price_currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """Currency of the price, as ISO 4217 names it; null where it was not said."""
    callback_at: AwareDatetime | None = None
    """When to call the customer back (with offset), resolved against the time of the call; later than its end."""
    appointment_agreed: bool | None = None
    """Whether a visit was agreed; null where none was spoken of."""


class AnsweredQuestion(Part):
    """What a call says to one of the company's own questions."""

    kind: QuestionKind
    """What an answer is: true or false, the code of an option, a number, or a few words in the language of the call."""
    value: bool | FiniteFloat | str | None = None
    """The answer; null where nobody says it in the call. It has evidence, or there is none."""
    unit: str | None = None
    """What a number counts, as the taxonomy has it; null where it says none."""
    evidence: tuple[Evidence, ...] = ()
    """The turn that says it; empty where there is no answer."""


class Usage(Part):
    """What asking a hosted model about a call took, repeated questions about it included."""

    requests: PositiveInt
    """Requests that were answered."""
    prompt_tokens: NonNegativeInt
    """Tokens that were sent, as the service counts them; estimated where it did not say."""
    answer_tokens: NonNegativeInt
    """Tokens that the model made, its thoughts included; estimated where the service did not say."""
    cost: NonNegativeFloat | None = None
    """Estimated cost by the price table of the settings, in ``currency``; null where the model has no price there."""
    currency: str | None = None
    """Currency of the price table, as ISO 4217 names it; null where there is no cost."""


class Classification(CallEvent):
    """What a call was for, without what was said."""

    classification_id: str
    """Identifier of this classification: the same transcript and the same ``versions`` give the same one."""
    classifier: str
    """Which classifier decided: gemini, gemini-legacy, offline, or rule."""
    decision: Decision
    """Category, confidence, justification and evidence."""
    versions: Versions
    """What produced the decision."""
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
    """What asking took; null where no hosted model was asked."""


class CallClassified(Spoken, Classification):  # the fields of the last base come first
    """A call with its category and the reason for it."""

    language: str
    """Language of the transcript, as a BCP 47 tag."""
    recording_facts: RecordingFacts
    """What the recording turned out to be."""
    figures: SpeechFigures
    """Talk, silence and overlap."""
