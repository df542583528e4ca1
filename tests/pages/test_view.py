"""What pages show of outcomes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.calls.reading import Transcript
from pages.call.listening import Sound
from pages.call.view import CallView, call_view
from pages.calls.view import columns, row
from pages.categories import category_of
from pages.confidence import confidence_of
from pages.words import Language
from schemas import AnsweredQuestion, CallOutcome, Speaker, Turn, Word
from schemas.taxonomy import use
from tests.schemas.examples import ENDED_AT, call_failed, call_outcome

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"
ENGLISH, TURKISH = (Language(code, ZoneInfo("Europe/Istanbul")) for code in ("en", "tr"))
NOW = datetime(2026, 10, 5, 20, tzinfo=UTC)


def shown(outcome: CallOutcome, *turns: Turn) -> CallView:
    said = Transcript(call_id=outcome.call_id, revision=1, language="tr", turns=turns, turns_withheld=0)
    return call_view(outcome, said, (outcome,), (), Sound("none"), ENGLISH)


def test_own_questions_are_shown_with_their_answers_in_the_reader_s_language() -> None:
    use(CLINIC)
    try:
        evidence = call_outcome().evidence
        answers = {
            "of_old": AnsweredQuestion(kind="text", value="<b>bir şey</b>", evidence=evidence),
            "people": AnsweredQuestion(kind="number", value=2.0, unit="people", evidence=evidence),
            "patient": AnsweredQuestion(kind="choice", value="first_time", evidence=evidence),
            "insured": AnsweredQuestion(kind="yes_no", value=False, evidence=evidence),
        }
        found = [
            (one.question, one.answer) for one in shown(call_outcome().model_copy(update={"answers": answers})).answers
        ]
    finally:
        use(None)
    assert found == [
        ("Does the caller have an insurance that pays for teeth?", "No"),
        ("Has the caller been here before?", "First time"),
        ("For how many people is the appointment?", "2 people"),
        ("of_old", "<b>bir şey</b>"),
    ]


def test_a_question_that_the_call_does_not_answer_is_shown_as_not_said_and_none_as_nothing() -> None:
    outcome = call_outcome()
    assert [(one.question, one.answer, one.evidence) for one in shown(outcome).answers][1] == ("owner", None, ())
    assert shown(outcome.model_copy(update={"answers": None})).answers == []


def word(text: str, confidence: float) -> Word:
    return Word(text=text, start_s=0, end_s=1, confidence=confidence)


def test_a_row_has_what_a_supervisor_looks_for() -> None:
    found = row(call_outcome(), TURKISH, NOW)
    assert found.category is not None and found.confidence is not None
    assert (found.category.title, found.category.within) == ("Fiyat Araştırması", "Gereksiz Çağrı")
    assert (found.confidence.level, found.line, found.duration_s) == ("high", "Fiyat soruldu.", 41.25)
    assert found.is_today
    assert found.callback_at == ENDED_AT + timedelta(hours=2)


def test_a_call_that_failed_says_where() -> None:
    found = row(call_failed(), ENGLISH, NOW)
    assert (found.category, found.failure is not None) == (None, True)


def test_a_column_that_no_call_fills_is_left_out() -> None:
    bare = call_outcome().model_copy(update={"caller": None, "queue": None})
    assert columns([row(bare, ENGLISH, NOW)]) == ["agent"]
    assert columns([row(one, ENGLISH, NOW) for one in (bare, call_outcome())]) == ["caller", "agent", "queue"]


def test_a_category_of_another_taxonomy_stands_for_itself() -> None:
    found = category_of(call_outcome().model_copy(update={"category": "of_old", "sub_category": None}), ENGLISH)
    assert found is not None
    assert found.title == "of_old"


@pytest.mark.parametrize(("share", "level", "bars"), [(0.0, "low", 1), (0.6, "middle", 2), (0.8, "high", 3)])
def test_how_sure_a_classifier_is_is_not_told_by_colour_alone(share: float, level: str, bars: int) -> None:
    found = confidence_of(share)
    assert found is not None
    assert (found.level, found.bars) == (level, bars)


def test_words_that_were_hardly_heard_are_marked() -> None:
    words = (word("klima", 0.95), word("bozuk", 0.3))
    heard = Turn(speaker=Speaker.CUSTOMER, start_s=0, end_s=2, text="klima bozuk", confidence=0.6, words=words)
    [turn] = shown(call_outcome(), heard).listening.turns
    assert [(one.text, one.unsure) for one in turn.words] == [("klima", None), ("bozuk", 0.3)]


def test_a_turn_whose_words_say_something_else_is_shown_by_its_text_alone() -> None:
    hidden = Turn(
        speaker=Speaker.CUSTOMER, start_s=0, end_s=2, text="[phone]", confidence=0.6, words=(word("beş", 0.9),)
    )
    [turn] = shown(call_outcome(), hidden).listening.turns
    assert [one.text for one in turn.words] == ["[phone]"]


def test_stages_say_how_long_a_call_waited_and_was_worked_on() -> None:
    call = shown(call_outcome())
    assert [stage.title for stage in call.stages][-3:] == ["Transcript", "Category", "Store"]
    assert call.total_s == pytest.approx(sum(stage.waited_s + stage.seconds for stage in call.stages))
    assert all(stage.waited_s >= 0 for stage in call.stages)


def test_a_recording_that_keeps_nobody_apart_has_one_lane() -> None:
    outcome = call_outcome()
    assert outcome.recording_facts is not None
    mono = outcome.recording_facts.model_copy(update={"channel_layout": "mono"})
    assert shown(outcome.model_copy(update={"recording_facts": mono})).listening.lanes == (Speaker.UNDIVIDED,)
    assert shown(outcome).listening.lanes == (Speaker.CUSTOMER, Speaker.AGENT)
