"""What the classify stage decides: pure functions of a transcript, an answer and the taxonomy."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.classify.confidence import combined
from schemas import (
    AnsweredQuestion,
    CallClassified,
    CallTranscribed,
    Decision,
    Evidence,
    Insights,
    Leaf,
    Question,
    Sentiment,
    Speaker,
    Taxonomy,
    Turn,
    Usage,
    Versions,
)
from schemas.names import named
from schemas.taxonomy import EMPTY_CALL, UNCERTAIN

_QUOTE_LIMIT = 500
_NOBODY_SPOKE = {
    "tr": "Müşteri tarafında anlaşılır bir konuşma yok.",
    "en": "Nothing that can be understood was said on the customer's side.",
}


@dataclass(frozen=True)
class Source:
    """Which classifier answered."""

    classifier: str
    model: str
    prompt: str | None = None
    conditions: tuple[str | int, ...] = ()
    """What else its answers depend on: how it is asked, and who is asked besides."""


BY_RULE = Source("rule", "rule:no-customer-speech")
"""Nobody is asked about a call in which the customer said nothing."""


@dataclass(frozen=True)
class Told:
    """What a classifier says to one of the taxonomy's own questions."""

    value: bool | float | str
    turn: int
    """Position of the turn that says it."""


@dataclass(frozen=True)
class Answer:
    """What a classifier says of a call."""

    leaf: Leaf
    confidence: float
    """0 to 1."""
    justification: str
    evidence: tuple[int, ...] = ()
    """Positions of turns in the transcript, counted from 0."""
    summary: str | None = None
    sentiment: Sentiment | None = None
    insights: Insights | None = None
    told: Mapping[str, Told] | None = None
    """What it says to the taxonomy's own questions, by their codes; None: it was not asked any."""
    stated: bool = False
    """Whether the confidence is only what a model says of itself, and not calibrated."""
    agreement: float | None = None
    """Share of further opinions that name the same leaf, 0 to 1; None: none were asked."""
    usage: Usage | None = None
    source: Source | None = None
    """Who answered, where it is not the classifier that was asked."""
    provisional: bool = False
    """Whether it stands in for the classifier that should have answered."""


def customer_spoke(call: CallTranscribed) -> bool:
    """Tell whether there is anything to ask a classifier about."""
    return any(turn.text.strip() for turn in call.turns if turn.speaker != Speaker.AGENT)


def empty_call(call: CallTranscribed, taxonomy: Taxonomy) -> CallClassified:
    """Classify a call in which the customer said nothing; nobody needs to be asked."""
    decision = Decision(
        category=EMPTY_CALL, sub_category=None, confidence=1.0, justification=named(_NOBODY_SPOKE, call.language)
    )
    return _classified(call, decision, BY_RULE, versions(call.speech_model, BY_RULE, taxonomy, floor=None))


def classified(
    call: CallTranscribed, answer: Answer, source: Source, taxonomy: Taxonomy, floor: float
) -> CallClassified:
    """Turn a classifier's answer into the event; below the confidence ``floor`` the call is Uncertain.

    A confidence that a model only states is combined with the transcript's and with the agreement of others.

    Raises:
        ValueError: The answer names a leaf that the taxonomy lacks, or a turn that the transcript lacks.
    """
    leaf = taxonomy.leaf(*answer.leaf)
    confidence = answer.confidence
    if answer.stated:
        confidence = combined(confidence, call.transcript_confidence, answer.agreement)
    unsure = confidence < floor
    decision = Decision(
        category=UNCERTAIN if unsure else leaf.category,
        sub_category=None if unsure else leaf.sub_category,
        confidence=round(confidence, 4),
        justification=answer.justification,
        evidence=tuple(quoted(call.turns, position) for position in answer.evidence),
        summary=answer.summary,
        best_guess=leaf.code if unsure else None,
        stated_confidence=answer.confidence if answer.stated else None,
        agreement=answer.agreement,
    )
    decider = answer.source or source
    return _classified(
        call,
        decision,
        decider,
        versions(call.speech_model, decider, taxonomy, floor),
        provisional=answer.provisional,
        sentiment=answer.sentiment,
        insights=answer.insights,
        answers=_answers(
            call, answer.told, taxonomy.questions_of(taxonomy.leaf(decision.category, decision.sub_category))
        ),
        usage=answer.usage,
    )


def versions(speech_model: str, source: Source, taxonomy: Taxonomy, floor: float | None) -> Versions:
    """Name all that decides about a transcript; a decision that no ``floor`` (0 to 1) can change has None."""
    decides = json.dumps([floor, *source.conditions], ensure_ascii=False)
    return Versions(
        taxonomy=taxonomy.version,
        prompt=source.prompt,
        model=source.model,
        speech_model=speech_model,
        policy=None if floor is None else hashlib.sha256(decides.encode()).hexdigest()[:12],
    )


def quoted(turns: Sequence[Turn], position: int) -> Evidence:
    """Quote a turn: its first 500 characters, since a speaker whom nobody interrupts may have one turn for hours.

    Raises:
        ValueError: There is no such turn.
    """
    if not 0 <= position < len(turns):
        raise ValueError(f"turn {position} does not exist, the call has {len(turns)}")
    turn = turns[position]
    quote = turn.text if len(turn.text) <= _QUOTE_LIMIT else f"{turn.text[: _QUOTE_LIMIT - 1].rstrip()}…"
    return Evidence(turn=position, speaker=turn.speaker, start_s=turn.start_s, end_s=turn.end_s, quote=quote)


def _answers(
    call: CallTranscribed, told: Mapping[str, Told] | None, questions: Sequence[Question]
) -> dict[str, AnsweredQuestion] | None:
    return None if told is None else {one.code: _answered(call, told.get(one.code), one) for one in questions}


def _answered(call: CallTranscribed, told: Told | None, question: Question) -> AnsweredQuestion:
    if told is None:
        return AnsweredQuestion(kind=question.kind, unit=question.unit)
    evidence = (quoted(call.turns, told.turn),)
    return AnsweredQuestion(kind=question.kind, value=told.value, unit=question.unit, evidence=evidence)


def _classified(
    call: CallTranscribed, decision: Decision, source: Source, decided_by: Versions, **extras: Any
) -> CallClassified:
    return CallClassified.following(
        call,
        classification_id=_identity(call, decided_by),
        classifier=source.classifier,
        decision=decision,
        versions=decided_by,
        **extras,
    )


def _identity(call: CallTranscribed, decided_by: Versions) -> str:
    """Give the same transcript under the same versions the same identifier, whoever asks and however often."""
    said = [(turn.speaker, turn.text) for turn in call.turns]
    content = json.dumps([call.call_id, said, decided_by.model_dump(mode="json")], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:32]
