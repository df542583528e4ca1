"""Reading a hosted model's answer: an answer that the taxonomy knows, or an error without what was said."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.classify import core
from agents.classify.core import Answer
from agents.classify.hosted.answer import read_answer
from agents.classify.hosted.errors import (
    GarbledAnswer,
    ModelAway,
    ModelBusy,
    ModelThrottles,
    RequestRefused,
    refusal,
    retry_delay_s,
    unanswered,
)
from schemas import CallClassified, Insights, Leaf, Sentiment, Speaker, Taxonomy
from streams.errors import CallsiftError, PermanentError, TransientError
from tests.schemas.examples import call_transcribed, turn
from tests.servers.gemini import PLAUSIBLE

TAXONOMY = Taxonomy.load()
TURNS = dict.fromkeys(range(5), "kombim bozuldu")
CALL = [turn(Speaker.CUSTOMER, "kombim bozuldu", float(start)) for start in TURNS]
CALL_TIME = datetime(2026, 10, 5, 14, 3, tzinfo=ZoneInfo("Europe/Istanbul"))


def reply(**changes: Any) -> str:
    return json.dumps(PLAUSIBLE | changes)


def test_a_good_answer_is_read_whole() -> None:
    text = reply(category="unnecessary_call", sub_category="complaint", confidence=1, evidence=[0, 4])
    assert read_answer(text, TAXONOMY, TURNS) == Answer(
        Leaf("unnecessary_call", "complaint"),
        1.0,
        str(PLAUSIBLE["justification"]),
        (0, 4),
        str(PLAUSIBLE["summary"]),
        Sentiment(start="negative", end=None),
        Insights(
            service="kombi",
            fault="su akıtıyor",
            urgency="urgent",
            price_quoted=450,
            price_currency="TRY",
            appointment_agreed=True,
        ),
        stated=True,
    )


def test_a_sub_category_may_have_a_word_for_null_as_its_code() -> None:
    own = Taxonomy.model_validate_json(TAXONOMY.model_dump_json().replace('"basic_job"', '"none"'))
    found = read_answer(reply(category="unnecessary_call", sub_category="none"), own, TURNS)
    assert found.leaf == Leaf("unnecessary_call", "none")
    plain = read_answer(reply(category="potential_customer", sub_category="none"), own, TURNS)
    assert plain.leaf == Leaf("potential_customer", None)


def test_evidence_and_summary_may_be_missing() -> None:
    text = json.dumps({"category": "uncertain", "confidence": 0.5, "justification": "Kesik kesik."})
    assert read_answer(text, TAXONOMY, TURNS) == Answer(Leaf("uncertain", None), 0.5, "Kesik kesik.", stated=True)


BAD = {
    "nothing": None,
    "empty": "",
    "prose": "Müşteri MAHREM dedi",
    "half": reply()[:50],
    "a list": '["MAHREM"]',
    "two answers that differ": reply() + reply(confidence=0.1),
    "an answer and half of another": reply() + reply()[:50],
    "objects without end": '{"a":' * 100_000,
    "unknown category": reply(category="MAHREM"),
    "sub-category of another category": reply(category="potential_customer", sub_category="complaint"),
    "missing sub-category": reply(category="unnecessary_call", sub_category=None),
    "sub-category as category": reply(category="complaint"),
    "too sure": reply(confidence=1.01),
    "below zero": reply(confidence=-0.01),
    "not a number": reply(confidence=math.nan),
    "infinitely sure": reply(confidence=math.inf),
    "confidence in words": reply(confidence="MAHREM"),
    "no reason": reply(justification=""),
    "missing field": json.dumps({"category": "uncertain", "MAHREM": 1}),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_bad_answer_is_garbled_and_not_repeated_in_the_message(text: str | None) -> None:
    with pytest.raises(GarbledAnswer) as caught:
        read_answer(text, TAXONOMY, TURNS)
    assert "MAHREM" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_message_names_the_field() -> None:
    with pytest.raises(GarbledAnswer, match=r"confidence: Input should be less than or equal to 1"):
        read_answer(reply(confidence=7), TAXONOMY, TURNS)


CODES = [*(category.code for category in TAXONOMY.categories), *TAXONOMY.leaves]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(CODES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PLAUSIBLE]) | st.text(), inner),
    max_leaves=10,
)
NEARLY = st.fixed_dictionaries(
    {
        "category": st.sampled_from(CODES) | ANY_JSON,
        "sub_category": st.none() | st.sampled_from(CODES) | ANY_JSON,
        "confidence": st.floats() | ANY_JSON,
        "justification": st.text() | ANY_JSON,
        "evidence": st.lists(st.integers(-2, 7)) | ANY_JSON,
        "summary": st.text() | ANY_JSON,
        "sentiment": st.fixed_dictionaries({"start": st.sampled_from(["positive", None])}) | ANY_JSON,
        "insights": st.fixed_dictionaries(
            {
                "service": st.none() | st.text(),
                "price_quoted": st.none() | st.floats(),
                "callback_at": st.none() | st.datetimes().map(str) | st.integers() | st.text(),
            }
        )
        | ANY_JSON,
    }
)


@given(st.text() | ANY_JSON.map(json.dumps) | NEARLY.map(json.dumps), st.integers(1, 5))
def test_any_reply_gives_an_answer_that_the_taxonomy_knows_or_an_error(text: str, turns: int) -> None:
    try:
        answer = read_answer(text, TAXONOMY, dict.fromkeys(range(turns), ""), CALL_TIME)
    except CallsiftError:
        return
    assert TAXONOMY.leaves[answer.leaf.code] == answer.leaf
    assert 0 <= answer.confidence <= 1
    assert answer.justification
    assert all(0 <= position < turns for position in answer.evidence)
    event = core.classified(call_transcribed(*CALL), answer, core.Source("gemini", "x"), TAXONOMY, 0.5)
    assert CallClassified.model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize(
    ("code", "kind", "cure"),
    [
        (400, RequestRefused, "GEMINI_MODEL"),
        (404, ModelAway, "GEMINI_ENDPOINT"),
        (401, ModelAway, "CALLSIFT_GEMINI_API_KEY"),
        (403, ModelAway, "CALLSIFT_GEMINI_API_KEY"),
        (413, RequestRefused, "GEMINI_MODEL"),
        (429, ModelThrottles, "Wait"),
        (500, ModelBusy, "Wait"),
        (503, ModelBusy, "Wait"),
        (None, ModelBusy, "Wait"),
    ],
)
def test_a_status_has_a_kind_and_a_cure(code: int | None, kind: type[CallsiftError], cure: str) -> None:
    error = refusal(code)
    assert type(error) is kind
    assert cure in error.cure
    assert isinstance(error, PermanentError) is (kind is RequestRefused)


def test_a_refused_account_is_no_fault_of_the_call() -> None:
    error = refusal(400, '{"error": {"code": 400, "status": "FAILED_PRECONDITION", "message": "MAHREM"}}')
    assert type(error) is ModelAway
    assert "billing" in error.cure
    assert "MAHREM" not in str(error)


def test_a_service_that_does_not_answer_is_transient_and_its_text_stays_out() -> None:
    error = unanswered(TimeoutError("https://host/?key=s3cret"), refused=False)
    assert isinstance(error, TransientError)
    assert "TimeoutError" in error.message
    assert "s3cret" not in str(error)


def insights(**changes: Any) -> str:
    plausible: Any = PLAUSIBLE["insights"]
    return reply(insights=plausible | changes)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-10-05T16:30", "2026-10-05T16:30:00+03:00"),
        ("2026-10-06T09:00:00", "2026-10-06T09:00:00+03:00"),
        ("2026-10-05T14:00Z", "2026-10-05T14:00:00+00:00"),
        ("2026-10-05T14:03", None),  # not after the call
        ("2024-10-05T14:00", None),
        ("9999-12-31T23:59", None),
        (None, None),
    ],
)
def test_a_time_to_call_back_is_in_the_callers_time_zone_and_after_the_call(
    said: str | None, meant: str | None
) -> None:
    found = read_answer(insights(callback_at=said), TAXONOMY, TURNS, CALL_TIME).insights
    assert found is not None
    assert (found.callback_at.isoformat() if found.callback_at else None) == meant


def test_without_the_time_of_the_call_no_time_to_call_back_is_known() -> None:
    found = read_answer(insights(callback_at="2026-10-05T16:30"), TAXONOMY, TURNS).insights
    assert found is not None
    assert found.callback_at is None


EXTRAS = {
    "unknown mood": (reply(sentiment={"start": "MAHREM", "end": "Positive"}), {"start": None, "end": "positive"}),
    "mood in numbers": (reply(sentiment=0.5), {}),
    "insights in words": (reply(insights="MAHREM"), {}),
    "unknown urgency": (insights(urgency="MAHREM"), {"urgency": None}),
    "urgency in capitals": (insights(urgency="URGENT "), {"urgency": "urgent"}),
    "price in words": (insights(price_quoted="MAHREM lira"), {"price_quoted": None}),
    "endless price": (insights(price_quoted=math.inf), {"price_quoted": None}),
    "price below zero": (insights(price_quoted=-1), {"price_quoted": None}),
    "two prices": (insights(price_quoted="450-500 TL"), {"price_quoted": None, "price_currency": "TRY"}),
    "price with its currency": (
        insights(price_quoted="1.250,50 TL", price_currency=None),
        {"price_quoted": 1250.5, "price_currency": "TRY"},
    ),
    "price with a mark for thousands": (insights(price_quoted="12.500"), {"price_quoted": 12500.0}),
    "price in euros": (
        insights(price_quoted="99.90 €", price_currency="null"),
        {"price_quoted": 99.9, "price_currency": "EUR"},
    ),
    "price that may be two numbers": (insights(price_quoted="1.25.50 TL"), {"price_quoted": None}),
    "TL": (insights(price_currency="TL"), {"price_currency": "TRY"}),
    "₺": (insights(price_currency="₺"), {"price_currency": "TRY"}),
    "code in small letters": (insights(price_currency="usd"), {"price_currency": "USD"}),
    "currency in words": (insights(price_currency="MAHREM"), {"price_currency": None}),
    "null in quotes": (insights(brand="null", place=""), {"brand": None, "place": None}),
    "null in Turkish": (insights(brand="Yok"), {"brand": None}),
    "time in words": (insights(callback_at="MAHREM"), {"callback_at": None}),
    "appointment in words": (insights(appointment_agreed="MAHREM"), {"appointment_agreed": None}),
}


@pytest.mark.parametrize(("text", "expected"), EXTRAS.values(), ids=EXTRAS.keys())
def test_one_field_that_cannot_be_read_costs_no_other(text: str, expected: dict[str, Any]) -> None:
    answer = read_answer(text, TAXONOMY, TURNS, CALL_TIME)
    whole = read_answer(reply(), TAXONOMY, TURNS, CALL_TIME)
    assert answer.leaf.code == "potential_customer"
    found = {} if answer.insights is None else answer.insights.model_dump()
    found |= {} if answer.sentiment is None else answer.sentiment.model_dump()
    assert whole.insights is not None
    as_said = whole.insights.model_dump() | {"start": "negative", "end": None}
    assert found == {name: value for name, value in as_said.items() if name in found} | expected
    assert len(found) in {len(as_said), len(as_said) - 2, 2}


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{reply()}\n```",
        f"Here is the answer:\n\n```\n{reply()}\n```\nDone.",
        f"\ufeff{reply()}",
        reply() + reply(),
        f"{reply()}\n{reply()}\n",
        reply() + "}",
        reply() + "\n```",
        reply(sub_category="null"),
        reply(sub_category=""),
        reply(evidence=[0, 5]),
        reply(evidence=[-1, "0"]),
        reply(evidence=["MAHREM", 0]),
    ],
)
def test_what_is_certainly_meant_is_taken(text: str) -> None:
    assert replace(read_answer(text, TAXONOMY, TURNS), evidence=()) == replace(
        read_answer(reply(), TAXONOMY, TURNS), evidence=()
    )


def test_only_turns_that_were_shown_are_evidence() -> None:
    assert read_answer(reply(evidence=[5, 2, -1, "3", "MAHREM", None, 2]), TAXONOMY, TURNS).evidence == (2, 3)
    assert read_answer(reply(evidence="MAHREM"), TAXONOMY, TURNS).evidence == ()


def test_unknown_fields_of_an_answer_are_left_out() -> None:
    answer = read_answer(reply(sentiment={"start": None, "x": 1}, insights={"x": 1}, y=2), TAXONOMY, TURNS)
    assert answer.sentiment == Sentiment()
    assert answer.insights == Insights()


def test_prose_is_one_line_without_marks_and_not_endless() -> None:
    answer = read_answer(reply(justification="<b>Randevu\x1b[31m\u202e\n\nverildi</b>" + "a" * 5000), TAXONOMY, TURNS)
    assert answer.justification.startswith("b Randevu [31m verildi /b a")
    assert len(answer.justification) <= 1000


def test_evidence_is_named_once_and_not_endlessly() -> None:
    answer = read_answer(reply(evidence=[3, 3, *range(5)] * 100), TAXONOMY, dict.fromkeys(range(20), ""))
    assert answer.evidence == (3, 0, 1, 2, 4)


@pytest.mark.parametrize(
    ("details", "headers", "expected_s"),
    [
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "32s"}], {"Retry-After": "7"}, 32.0),
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"}], {}, 1.5),
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "soon"}], {}, None),
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo"}], {}, None),
        (None, {"Retry-After": "7"}, 7.0),
        ("nonsense", {"Retry-After": "soon"}, None),
        ([3], {}, None),
        ([], {"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
    ],
)
def test_the_delay_that_the_service_asks_for_is_read_from_details_or_header(
    details: Any, headers: dict[str, str], expected_s: float | None
) -> None:
    assert retry_delay_s(details, headers) == expected_s


def test_the_service_may_name_a_time_instead_of_a_delay() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < (retry_delay_s([], {"Retry-After": later}) or 0) <= 3600
