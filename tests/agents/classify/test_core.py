"""What the classify stage decides once an answer is there."""

from dataclasses import replace

import pytest

from agents.classify import core
from agents.classify.core import Answer, Source
from schemas import CallClassified, CallTranscribed, Leaf, Speaker, Taxonomy, Turn
from tests.schemas.examples import call_transcribed, turn

TAXONOMY = Taxonomy.load()
SOURCE = Source("gemini", "gemini-x", "prompt-1")
COMPLAINT = Leaf("unnecessary_call", "complaint")
CALL = call_transcribed(
    turn(Speaker.AGENT, "servis hattı buyurun", 0.0), turn(Speaker.CUSTOMER, "geçen hafta yapıldı yine bozuldu", 2.0)
)


def answer(confidence: float = 0.8, leaf: Leaf = COMPLAINT, evidence: tuple[int, ...] = (1,)) -> Answer:
    return Answer(leaf, confidence, "Eski bir tamirden şikayet ediyor.", evidence, "Yine bozulmuş.")


def classified(
    given: Answer | None = None, call: CallTranscribed = CALL, source: Source = SOURCE, floor: float = 0.5
) -> CallClassified:
    return core.classified(call, given or answer(), source, TAXONOMY, floor)


def test_a_confident_answer_is_the_decision_with_its_evidence_quoted() -> None:
    decision = classified().decision
    assert (decision.category, decision.sub_category, decision.confidence) == ("unnecessary_call", "complaint", 0.8)
    assert decision.best_guess is None
    (evidence,) = decision.evidence
    assert (evidence.turn, evidence.speaker, evidence.quote) == (1, "customer", "geçen hafta yapıldı yine bozuldu")
    assert (evidence.start_s, evidence.end_s) == (CALL.turns[1].start_s, CALL.turns[1].end_s)


def test_below_the_floor_the_call_is_uncertain_with_its_best_guess() -> None:
    decision = classified(answer(confidence=0.49)).decision
    assert (decision.category, decision.sub_category) == ("uncertain", None)
    assert (decision.best_guess, decision.confidence) == ("complaint", 0.49)
    assert decision.justification


def test_at_the_floor_the_answer_is_believed() -> None:
    assert classified(answer(confidence=0.5)).decision.category == "unnecessary_call"


@pytest.mark.parametrize("leaf", [Leaf("unnecessary_call", None), Leaf("empty_call", "complaint"), Leaf("x", None)])
def test_a_leaf_outside_the_taxonomy_never_becomes_an_event(leaf: Leaf) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        classified(answer(leaf=leaf))


@pytest.mark.parametrize("position", [-1, 2])
def test_a_turn_that_does_not_exist_cannot_be_quoted(position: int) -> None:
    with pytest.raises(ValueError, match="the call has 2"):
        classified(answer(evidence=(position,)))


def test_the_event_says_what_decided() -> None:
    versions = classified().versions
    assert (versions.taxonomy, versions.prompt, versions.model) == (TAXONOMY.version, "prompt-1", "gemini-x")
    assert versions.speech_model == CALL.speech_model


def test_a_rule_depends_on_no_setting() -> None:
    assert core.empty_call(CALL, TAXONOMY).versions.policy is None


@pytest.mark.parametrize(
    ("turns", "spoke"),
    [
        ((), False),
        ((turn(Speaker.AGENT, "alo alo"),), False),
        ((turn(Speaker.CUSTOMER, ""),), False),
        ((turn(Speaker.CUSTOMER, ""), turn(Speaker.CUSTOMER, "", 1.0)), False),
        ((turn(Speaker.CUSTOMER, "ı"),), True),
    ],
)
def test_a_customer_spoke_if_there_is_a_word(turns: tuple[Turn, ...], spoke: bool) -> None:
    assert core.customer_spoke(CALL.model_copy(update={"turns": turns})) is spoke


def test_a_call_without_the_customer_is_empty_by_rule() -> None:
    result = core.empty_call(CALL.model_copy(update={"turns": CALL.turns[:1]}), TAXONOMY)
    assert (result.classifier, result.versions.model) == ("rule", "rule:no-customer-speech")
    assert (result.decision.category, result.decision.confidence) == ("empty_call", 1.0)
    assert result.decision.justification


def test_the_same_transcript_under_the_same_versions_has_the_same_identifier_whatever_the_answer() -> None:
    first = classified().classification_id
    assert classified(answer(confidence=0.1, evidence=())).classification_id == first
    later = CALL.model_copy(update={"hops": ()})
    assert classified(call=later).classification_id == first


def test_every_version_and_every_word_makes_another_identifier() -> None:
    others = [
        classified(source=Source("gemini", "gemini-y", "prompt-1")),
        classified(source=Source("gemini", "gemini-x", "prompt-2")),
        classified(call=CALL.model_copy(update={"speech_model": "other"})),
        classified(call=CALL.model_copy(update={"call_id": "other"})),
        classified(call=CALL.model_copy(update={"turns": CALL.turns[::-1]})),
        core.classified(CALL, answer(), SOURCE, TAXONOMY.model_copy(update={"version": "2.0"}), 0.5),
        classified(floor=0.85),
        classified(source=replace(SOURCE, conditions=(3, "offline-7"))),
        core.empty_call(CALL, TAXONOMY),
    ]
    identifiers = {result.classification_id for result in [classified(), *others]}
    assert len(identifiers) == len(others) + 1
