"""Reading a hosted model's answer: an answer that the taxonomy knows, or an error without what was said."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.classify.answer import GarbledAnswer, ModelAway, ModelBusy, RequestRefused, read_answer, refusal, unanswered
from agents.classify.core import Answer
from schemas import Leaf, Taxonomy
from streams.errors import CallsiftError, PermanentError, TransientError
from tests.servers.gemini import PLAUSIBLE

TAXONOMY = Taxonomy.load()
TURNS = 5


def reply(**changes: Any) -> str:
    return json.dumps(PLAUSIBLE | changes)


def test_a_good_answer_is_read_whole() -> None:
    text = reply(category="unnecessary_call", sub_category="complaint", confidence=1, evidence=[0, 4])
    assert read_answer(text, TAXONOMY, TURNS) == Answer(
        Leaf("unnecessary_call", "complaint"), 1.0, str(PLAUSIBLE["justification"]), (0, 4), str(PLAUSIBLE["summary"])
    )


def test_evidence_and_summary_may_be_missing() -> None:
    text = json.dumps({"category": "uncertain", "confidence": 0.5, "justification": "Kesik kesik."})
    assert read_answer(text, TAXONOMY, TURNS) == Answer(Leaf("uncertain", None), 0.5, "Kesik kesik.")


BAD = {
    "nothing": None,
    "empty": "",
    "prose": "Müşteri MAHREM dedi",
    "half": reply()[:50],
    "a list": '["MAHREM"]',
    "fenced": f"```json\n{reply()}\n```",
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
    "no such turn": reply(evidence=[5]),
    "turn before the first": reply(evidence=[-1]),
    "evidence in words": reply(evidence=["MAHREM"]),
    "missing field": json.dumps({"category": "uncertain", "MAHREM": 1}),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_bad_answer_is_garbled_and_not_repeated_in_the_message(text: str | None) -> None:
    with pytest.raises(GarbledAnswer) as caught:
        read_answer(text, TAXONOMY, TURNS)
    assert "MAHREM" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_message_names_the_field() -> None:
    with pytest.raises(GarbledAnswer, match=r"confidence: less_than_equal"):
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
    }
)


@given(st.text() | ANY_JSON.map(json.dumps) | NEARLY.map(json.dumps), st.integers(1, 8))
def test_any_reply_gives_an_answer_that_the_taxonomy_knows_or_an_error(text: str, turns: int) -> None:
    try:
        answer = read_answer(text, TAXONOMY, turns)
    except CallsiftError:
        return
    assert TAXONOMY.leaves[answer.leaf.code] == answer.leaf
    assert 0 <= answer.confidence <= 1
    assert answer.justification
    assert all(0 <= position < turns for position in answer.evidence)


@pytest.mark.parametrize(
    ("code", "kind", "cure"),
    [
        (400, RequestRefused, "GEMINI_MODEL"),
        (404, ModelAway, "GEMINI_ENDPOINT"),
        (401, ModelAway, "CALLSIFT_GEMINI_API_KEY"),
        (403, ModelAway, "CALLSIFT_GEMINI_API_KEY"),
        (429, ModelBusy, "Wait"),
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


def test_silence_is_transient_and_its_text_stays_out() -> None:
    error = unanswered(TimeoutError("https://host/?key=s3cret"), refused=False)
    assert isinstance(error, TransientError)
    assert "TimeoutError" in error.message
    assert "s3cret" not in str(error)
