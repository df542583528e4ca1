"""How far a hosted model's own number is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.classify import core
from agents.classify.confidence import combined
from agents.classify.core import Answer, Source
from agents.classify.hosted.classifier import agreed
from schemas import CallClassified, Leaf, Taxonomy
from tests.schemas.examples import call_transcribed

SHARE = st.floats(0, 1)
WITNESS = st.none() | SHARE
COMPLAINT, CUSTOMER = Leaf("unnecessary_call", "complaint"), Leaf("potential_customer", None)


@pytest.mark.parametrize(
    ("stated", "transcript", "agreement", "expected"),
    [
        (0.9, None, None, 0.9),
        (0.9, 1.0, 1.0, 0.9),
        (0.9, 0.8, None, 0.81),
        (0.9, None, 2 / 3, 0.75),
        (0.9, 0.8, 0.0, 0.405),
        (1.0, 0.0, 0.0, 0.25),
        (0.0, 1.0, 1.0, 0.0),
    ],
)
def test_each_witness_may_halve_the_models_number(
    stated: float, transcript: float | None, agreement: float | None, expected: float
) -> None:
    assert combined(stated, transcript, agreement) == pytest.approx(expected)


@given(SHARE, WITNESS, WITNESS)
def test_no_witness_raises_the_confidence_and_it_stays_between_0_and_1(
    stated: float, transcript: float | None, agreement: float | None
) -> None:
    assert 0 <= combined(stated, transcript, agreement) <= stated


@given(SHARE, SHARE, SHARE, SHARE)
def test_a_better_transcript_never_lowers_the_confidence(
    stated: float, one: float, other: float, agreement: float
) -> None:
    low, high = sorted((one, other))
    assert combined(stated, low, agreement) <= combined(stated, high, agreement)


def decided(answer: Answer, transcript: float | None) -> CallClassified:
    call = call_transcribed().model_copy(update={"transcript_confidence": transcript})
    return core.classified(call, answer, Source("gemini", "x"), Taxonomy.load(), 0.5)


def test_a_badly_heard_call_needs_a_surer_model_and_its_best_guess_is_kept() -> None:
    answer = Answer(COMPLAINT, 0.6, "Şikayet.", stated=True)
    assert decided(answer, 0.9).decision.category == "unnecessary_call"
    decision = decided(answer, 0.2).decision
    assert (decision.category, decision.best_guess) == ("uncertain", "complaint")
    assert (decision.confidence, decision.stated_confidence) == (0.36, 0.6)


def test_a_calibrated_confidence_is_believed_as_it_is() -> None:
    decision = decided(Answer(COMPLAINT, 0.6, "Şikayet."), 0.2).decision
    assert (decision.confidence, decision.stated_confidence) == (0.6, None)


def test_the_leaf_that_most_samples_name_wins_with_their_mean_confidence() -> None:
    samples = [
        Answer(CUSTOMER, 0.99, "Randevu."),
        Answer(COMPLAINT, 0.7, "Şikayet."),
        Answer(COMPLAINT, 0.8, "Daha emin."),
    ]
    best = agreed(samples)
    assert (best.leaf, best.justification) == (COMPLAINT, "Daha emin.")
    assert best.agreement == pytest.approx(2 / 3)
    assert best.confidence == pytest.approx(0.75)


def test_among_leaves_named_equally_often_the_surer_one_wins() -> None:
    assert agreed([Answer(CUSTOMER, 0.5, "a"), Answer(COMPLAINT, 0.6, "b")]).leaf == COMPLAINT


def test_one_answer_says_nothing_of_agreement() -> None:
    assert agreed([Answer(CUSTOMER, 0.5, "a")]).agreement is None
