"""From labelled calls to the figures: ask what is not answered yet, and measure all answers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from agents.classify.evaluation.calibration import (
    Correction,
    RiskPoint,
    correction,
    risk_coverage,
    sufficient_floor,
)
from agents.classify.evaluation.figures import Figures, Levels, figures
from agents.classify.evaluation.judged import Judged, judged
from agents.classify.labelled import LabelledDialogue, RecordedCall
from callsift.evaluation.predictions import Predictions
from callsift.evaluation.questions import Asking, Question, about_words
from callsift.evaluation.recordings import about_recordings
from callsift.evaluation.run import Answers, ask_all
from callsift.evaluation.version import Version
from schemas import Leaf


class AnswerCounts(TypedDict):
    """Where the answers came from."""

    new: int
    kept: int
    failed: int


class OneCall(TypedDict):
    """One call beside what was answered."""

    id: str
    content: str
    expected: str
    decided: str
    guess: str | None
    confidence: float
    by_rule: bool
    right: Levels[bool]
    weight: float


class Document(Figures):
    """What was measured, and by what."""

    seconds: float
    tokens: int
    cost: float | None
    currency: str | None
    answers: AnswerCounts
    classifier: str
    taxonomy: str
    confidence_floor: float
    risk_coverage: list[RiskPoint]
    calls: list[OneCall]


class Advice(TypedDict):
    """What to do about the confidences."""

    floor: RiskPoint | None
    """Null: no confidence floor is sufficient."""
    corrected: Correction | None
    """Null: there are too few right or wrong guesses to fit one."""


@dataclass(frozen=True)
class Evaluated:
    """An evaluation, for people and for programs."""

    document: Document
    advice: Advice | None
    """None: nobody asked for it."""
    questions: tuple[Question, ...]
    calls: tuple[Judged, ...]
    """In the order of the questions."""
    failed: dict[str, str]
    """What was wrong with the calls that could not be classified, by identifier."""

    def as_json(self) -> dict[str, object]:
        """Return what ``callsift eval --json`` prints."""
        return {**self.document, **(self.advice or {})}


def questions_of(calls: Sequence[LabelledDialogue | RecordedCall], version: Version) -> list[Question]:
    """Make the question about each call; models are loaded for what the file holds only.

    Raises:
        CallsiftError: A setting or a file of the version is wrong, or a recording is missing.
    """
    ways: dict[type, Callable[[Version], Asking]] = {
        LabelledDialogue: about_words,
        RecordedCall: about_recordings,
    }
    asking = {kind: ways[kind](version) for kind in {type(call) for call in calls}}
    return [asking[type(call)](call) for call in calls]


def measure(
    questions: Sequence[Question],
    predictions: Path,
    version: Version,
    *,
    concurrency: int,
    calibrate: bool,
    on_answer: Callable[[int], None],
) -> Evaluated:
    """Ask what is not answered yet, and measure all answers under the settings' confidence floor.

    Raises:
        CallsiftError: The classifier is away, or the predictions cannot be kept.
    """
    settings, taxonomy = version.settings, version.taxonomy
    with Predictions(predictions) as kept:
        answers = asyncio.run(ask_all(questions, kept, concurrency, on_answer))
    calls = tuple(_judged(question, answers, settings.confidence_floor) for question in questions)
    taken = [answers.by_key[question.key] for question in questions if question.key in answers.by_key]
    costs = [answer.cost for answer in taken if answer.cost is not None]
    document: Document = {
        **figures(calls, taxonomy),
        "seconds": round(answers.seconds, 3),
        "tokens": sum(answer.tokens for answer in taken),
        "cost": round(sum(costs), 6) if costs else None,
        "currency": settings.currency if costs else None,
        "answers": {"new": answers.new, "kept": len(answers.by_key) - answers.new, "failed": len(answers.failed)},
        "classifier": settings.chosen,
        "taxonomy": taxonomy.version,
        "confidence_floor": settings.confidence_floor,
        "risk_coverage": risk_coverage(calls),
        "calls": [_one(call, question.call.weight) for call, question in zip(calls, questions, strict=True)],
    }
    advice: Advice | None = {"floor": sufficient_floor(calls), "corrected": correction(calls)} if calibrate else None
    failed = {
        question.call.id: answers.failed[question.key] for question in questions if question.key in answers.failed
    }
    return Evaluated(document, advice, tuple(questions), calls, failed)


def _judged(question: Question, answers: Answers, floor: float) -> Judged:
    call, answer = question.call, answers.by_key.get(question.key)
    return judged(
        call.id,
        question.content,
        Leaf(call.category, call.sub_category),
        answer.leaf if answer else None,
        answer.confidence if answer else 0.0,
        floor,
        by_rule=answer.by_rule if answer else False,
        justification=answer.justification if answer else answers.failed[question.key],
    )


def _one(call: Judged, weight: float) -> OneCall:
    return {
        "id": call.id,
        "content": call.content,
        "expected": call.expected.code,
        "decided": call.decided.code,
        "guess": call.guess.code if call.guess else None,
        "confidence": call.confidence,
        "by_rule": call.by_rule,
        "right": {"category": call.right_category, "leaf": call.right_leaf},
        "weight": weight,
    }
