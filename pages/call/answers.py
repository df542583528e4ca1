"""What a call says to the company's own questions, as its template shows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.words import Language
from schemas import AnsweredQuestion, CallOutcome, Evidence, Question, Taxonomy


@dataclass(frozen=True)
class Answered:
    """One question."""

    question: str
    """The code, where it is a question of another taxonomy."""
    answer: str | None
    """None: nobody says it in the call."""
    evidence: Sequence[Evidence]


def answered(outcome: CallOutcome, taxonomy: Taxonomy, language: Language) -> list[Answered]:
    """Return the questions that a call was asked, in the order of the taxonomy, then those that it does not have."""
    answers = outcome.answers or {}
    known = {question.code: question for question in taxonomy.questions}
    codes = [*(code for code in known if code in answers), *(code for code in answers if code not in known)]
    return [_answered(code, answers[code], known.get(code), language) for code in codes]


def _answered(code: str, answer: AnsweredQuestion, question: Question | None, language: Language) -> Answered:
    title = question.title(language.code) if question else code
    return Answered(title, _shown(answer, question, language), answer.evidence)


def _shown(answer: AnsweredQuestion, question: Question | None, language: Language) -> str | None:
    match answer.value:
        case None:
            return None
        case bool(value):
            return language.t("answer.yes" if value else "answer.no")
        case float(value):
            return f"{language.number(value, 0 if value.is_integer() else 2)} {answer.unit or ''}".strip()
        case value:
            return question.option_title(value, language.code) if question else value
