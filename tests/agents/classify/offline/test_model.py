"""The offline model: the committed file is what the committed dialogues give, and loading it executes nothing."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from agents.classify.evaluation.figures import Figures
from agents.classify.evaluation.judged import known
from agents.classify.evaluation.noise import WordNoise
from agents.classify.labelled import read_labelled_dialogues
from agents.classify.offline.classifier import OfflineClassifier
from agents.classify.offline.features import BLOCKS, Features, views
from agents.classify.offline.model import SHIPPED, OfflineModel, shipped_model, softmax
from agents.classify.offline.train import (
    DIALOGUES,
    digest,
    evaluate,
    evaluation_dialogues,
    matrix,
    train,
    training_dialogues,
)
from agents.classify.settings import ClassifySettings
from schemas import Speaker, Taxonomy
from schemas.taxonomy import UNCERTAIN
from tests.agents.demo_calls import demo_calls
from tests.schemas.examples import turn

TAXONOMY = Taxonomy.load()
FLOOR = ClassifySettings.model_fields["confidence_floor"].default
SPOKEN = {name: call for name, call in demo_calls().items() if call.words(Speaker.CUSTOMER)}


@cache
def shipped() -> OfflineModel:
    return OfflineModel.load()


@cache
def figures() -> Figures:
    return evaluate(shipped(), evaluation_dialogues(), FLOOR)


@cache
def undivided_figures() -> Figures:
    """As mono recordings come; where only the agent speaks nobody can tell, and they are not asked about."""
    spoken = [dialogue for dialogue in evaluation_dialogues() if dialogue.customer_speaks]
    return evaluate(shipped(), [dialogue.undivided for dialogue in spoken], FLOOR)


def test_the_committed_model_was_trained_on_the_committed_dialogues() -> None:
    learnt = shipped().card["training_sha256"]
    assert learnt == digest(training_dialogues()), "the dialogues have changed: run `make train`"
    assert shipped().card["taxonomy"] == TAXONOMY.version


def test_the_version_names_what_the_model_holds_and_not_what_it_reached() -> None:
    other = replace(shipped(), temperature=shipped().temperature * 2)
    assert re.fullmatch(r"offline-[0-9a-f]{12}", shipped().version)
    assert other.version != shipped().version
    assert replace(shipped(), card={}).version == shipped().version


def test_the_card_says_what_it_was_trained_on_what_it_reached_and_where_it_ends() -> None:
    card = shipped().card
    assert card["training_dialogues"] == sum(dialogue.customer_speaks for dialogue in training_dialogues())
    assert card["evaluation_dialogues"] == figures()["n"] == len(evaluation_dialogues())
    assert card["evaluation_sha256"] == digest(evaluation_dialogues()), "the dialogues have changed: run `make train`"
    for level, reached in figures()["accuracy"].items():
        assert card[f"{level}_accuracy"] == pytest.approx(reached, abs=0.01)
    for level, reached in figures()["selective_accuracy"].items():
        assert card[f"{level}_accuracy_when_answered"] == pytest.approx(reached, abs=0.01)
    assert card["coverage"] == pytest.approx(figures()["coverage"], abs=0.01)
    assert "not on real calls" in card["limits"]
    undivided = evaluate(shipped(), [dialogue.undivided for dialogue in evaluation_dialogues()], FLOOR)
    assert card["undivided"]["leaf_accuracy"] == pytest.approx(undivided["accuracy"]["leaf"], abs=0.01)
    assert card["undivided"]["coverage"] == pytest.approx(undivided["coverage"], abs=0.01)


def test_the_model_is_good_enough_on_dialogues_written_apart() -> None:
    assert known(figures()["coverage"]) >= 0.85
    assert known(figures()["selective_accuracy"]["category"]) >= 0.93
    assert known(figures()["selective_accuracy"]["leaf"]) >= 0.85


def test_the_model_is_good_enough_on_calls_whose_speakers_are_not_kept_apart() -> None:
    assert known(undivided_figures()["coverage"]) >= 0.85
    assert known(undivided_figures()["selective_accuracy"]["category"]) >= 0.93
    assert known(undivided_figures()["selective_accuracy"]["leaf"]) >= 0.9


def test_of_misleading_dialogues_ninety_five_of_a_hundred_answered_leaves_are_right() -> None:
    misleading = read_labelled_dialogues([DIALOGUES / "misleading.jsonl"])
    apart = evaluate(shipped(), misleading, FLOOR)
    together = evaluate(shipped(), [dialogue.undivided for dialogue in misleading], FLOOR)
    right = known(apart["selective_accuracy"]["leaf"])
    assert right >= 0.95
    assert known(apart["coverage"]) >= 0.95
    assert known(together["selective_accuracy"]["leaf"]) >= right - 0.03


def test_a_call_whose_speakers_are_kept_apart_is_also_seen_as_if_they_were_not() -> None:
    call = next(dialogue for dialogue in evaluation_dialogues() if dialogue.customer_speaks)
    apart, together = views(call.turns), views(call.undivided.turns)
    seen = {name: text for name, text in apart.items() if name.startswith("undivided")}
    assert seen == {name: together[name] for name in seen}
    assert all(seen.values())
    assert not any(text for name, text in together.items() if name not in seen)


def test_the_models_probabilities_are_calibrated() -> None:
    assert known(figures()["calibration"]["ece"]) <= 0.05
    assert known(undivided_figures()["calibration"]["ece"]) <= 0.05


UNKNOWN = {
    "English": "good morning my washing machine is leaking could you please send somebody to have a look at it today",
    "German": "guten tag meine waschmaschine verliert wasser können sie bitte heute jemanden vorbeischicken danke",
    "Kurdish": "rojbaş makîneya min a cilşuştinê av diherike ma hûn dikarin îro kesekî bişînin gelek spas ji bo we",
    "no words": "brrr zzkt mmh hmpf krx vvv ghn trrl pfft qwx wkk jjh xqz lmn drr",
}


@pytest.mark.parametrize("speaker", [Speaker.CUSTOMER, Speaker.UNDIVIDED])
@pytest.mark.parametrize("said", UNKNOWN)
def test_of_what_it_has_not_learnt_the_model_is_not_confident(said: str, speaker: Speaker) -> None:
    assert OfflineClassifier(TAXONOMY, shipped()).answer([turn(speaker, UNKNOWN[said])]).confidence < FLOOR


def test_the_words_of_the_dialogues_written_apart_are_known_enough_to_count_in_full() -> None:
    calls = [own for dialogue in evaluation_dialogues() for own in (dialogue, dialogue.undivided)]
    trusted = [shipped().features.known_words(call.turns) >= 0.5 for call in calls if call.customer_speaks]
    assert np.mean(trusted) > 0.99


@pytest.mark.parametrize("seed", [1, 2])
def test_five_wrong_words_of_a_hundred_cost_three_points_at_the_most(seed: int) -> None:
    noise = WordNoise(word for own in training_dialogues() for turn in own.turns for word in turn.text.split())
    noisy = evaluate(shipped(), [noise.dialogue(own, 0.05, seed) for own in evaluation_dialogues()], FLOOR)
    assert known(noisy["coverage"]) >= known(figures()["coverage"]) - 0.03
    found, reached = noisy["selective_accuracy"], figures()["selective_accuracy"]
    assert known(found["category"]) >= known(reached["category"]) - 0.03
    assert known(found["leaf"]) >= known(reached["leaf"]) - 0.03


@pytest.mark.slow  # `pytest -m slow`
@pytest.mark.integration
def test_training_again_gives_the_same_model() -> None:
    again = train(training_dialogues())
    calls = [dialogue.turns for dialogue in evaluation_dialogues()]
    assert np.allclose(again.probabilities(calls), shipped().probabilities(calls), atol=0.01)  # shipped: half precision


def test_features_are_what_scikit_learn_makes_of_them() -> None:
    apart = [dialogue.turns for dialogue in training_dialogues()[:100]]
    together = [dialogue.undivided.turns for dialogue in training_dialogues()[100:200]]
    calls = [dialogue.turns for dialogue in evaluation_dialogues()[:40]] + [()]
    calls += [dialogue.undivided.turns for dialogue in evaluation_dialogues()[:40]]
    features = Features.fit(apart + together)
    arrays, theirs = features.to_arrays(), []
    for block in BLOCKS:
        vectorizer = TfidfVectorizer(
            analyzer=block.analyzer,
            ngram_range=block.ngrams,
            token_pattern=r"[^ .]+" if block.analyzer == "word" else None,
            lowercase=False,
            sublinear_tf=True,
            min_df=block.rarest,
        ).fit([views(call)[block.view] for call in (together if block.is_of_undivided else apart)])
        assert str(arrays[f"{block.name}.terms"]).split("\n") == list(vectorizer.get_feature_names_out())
        assert np.array_equal(arrays[f"{block.name}.idf"], vectorizer.idf_.astype(np.float32))
        theirs.append(vectorizer.transform([views(call)[block.view] for call in calls]))
    assert abs(hstack(theirs) - matrix(features, calls)).max() < 1e-12


def test_answers_are_what_the_sparse_product_gives() -> None:
    model, dialogues = shipped(), (*training_dialogues(), *evaluation_dialogues())[::5]
    for kind, calls in enumerate(([own.turns for own in dialogues], [own.undivided.turns for own in dialogues])):
        known = [call for call in calls if model.features.known_words(call) >= 0.5]
        scores = matrix(model.features, known) @ model.weights.T.astype(np.float64) + model.intercept[kind]
        ours, theirs = model.probabilities(known), softmax(scores / model.temperature[kind])
        assert abs(ours - theirs).max() < 1e-12
        assert np.array_equal(ours.argmax(axis=1), theirs.argmax(axis=1))


def test_the_shipped_model_is_held_once_whoever_asks_for_it() -> None:
    first, second = OfflineClassifier(TAXONOMY), OfflineClassifier(TAXONOMY)
    assert first._model is second._model is shipped_model()
    assert first.source == second.source


def test_every_leaf_of_the_model_is_in_the_taxonomy_and_none_is_missing() -> None:
    assert set(shipped().leaves) == set(TAXONOMY.leaves) - {"empty_call"}


def test_probabilities_are_probabilities() -> None:
    probabilities = shipped().probabilities([dialogue.turns for dialogue in evaluation_dialogues()[:20]])
    assert probabilities.sum(axis=1) == pytest.approx(1.0)
    assert (probabilities >= 0).all()


def test_saving_and_loading_changes_no_probability(tmp_path: Path) -> None:
    shipped().save(tmp_path / "model.npz")
    again = OfflineModel.load(tmp_path / "model.npz")
    calls = [dialogue.turns for dialogue in evaluation_dialogues()]
    assert np.array_equal(again.probabilities(calls), shipped().probabilities(calls))
    assert again.card == shipped().card


class Malicious:
    """Pickles to a call."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("executed"),)


def test_a_model_that_would_execute_something_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with np.load(SHIPPED) as file:
        arrays: dict[str, Any] = dict(file)
    np.savez(tmp_path / "model.npz", **(arrays | {"card": np.array(Malicious(), dtype=object)}))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        OfflineModel.load(tmp_path / "model.npz")
    assert not (tmp_path / "executed").exists()


def test_a_missing_or_damaged_model_raises_what_the_docstring_says(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        OfflineModel.load(tmp_path / "missing.npz")
    (tmp_path / "cut.npz").write_bytes(SHIPPED.read_bytes()[:5000])
    with pytest.raises(ValueError):
        OfflineModel.load(tmp_path / "cut.npz")


@pytest.mark.parametrize("name", SPOKEN)
def test_a_demo_call_is_decided_as_labelled(name: str) -> None:
    call = SPOKEN[name]
    turns = [turn(spoken.speaker, spoken.text, 3.0 * number) for number, spoken in enumerate(call.turns)]
    answer = OfflineClassifier(TAXONOMY, shipped()).answer(turns)
    decided = answer.leaf.code if answer.confidence >= FLOOR else UNCERTAIN
    assert decided == (call.sub_category or call.category)


@pytest.mark.parametrize("name", SPOKEN)
def test_a_demo_call_in_mono_is_decided_as_labelled_or_not_at_all(name: str) -> None:
    call = SPOKEN[name]
    said = " ".join(spoken.text for spoken in call.turns)
    answer = OfflineClassifier(TAXONOMY, shipped()).answer([turn(Speaker.UNDIVIDED, said)])
    decided = answer.leaf.code if answer.confidence >= FLOOR else UNCERTAIN
    assert decided in {call.sub_category or call.category, UNCERTAIN}


async def test_the_justification_quotes_what_the_customer_said_that_decided() -> None:
    turns = [
        turn(Speaker.AGENT, "servis hattı buyurun"),
        turn(Speaker.CUSTOMER, "merhaba", 2.0),
        turn(Speaker.CUSTOMER, "geçen hafta ustanız yaptı yine bozuldu şikayetçiyim", 4.0),
    ]
    answer = await OfflineClassifier(TAXONOMY, shipped()).classify(turns)
    assert answer.leaf.code == "complaint"
    assert "Müşterinin" in answer.justification
    assert "“geçen hafta ustanız yaptı yine bozuldu şikayetçiyim”" in answer.justification
    assert "çevrimdışı sınıflandırıcı" in answer.justification
    assert 2 in answer.evidence


async def test_of_a_long_turn_the_part_is_quoted_that_decided() -> None:
    talk = "benim kuzenim geldi dün akşam çay içtik sonra televizyon seyrettik hava da güzeldi "
    text = talk + "geçen hafta ustanız yaptı yine bozuldu şikayetçiyim " + talk
    answer = await OfflineClassifier(TAXONOMY, shipped()).classify([turn(Speaker.UNDIVIDED, text)])
    assert "yine bozuldu" in answer.justification
    assert answer.justification.startswith("Konuşmadaki “… ")
    assert len(answer.justification) < len(text)


@pytest.mark.parametrize("text", ["", "qwx", "? ! ...", "ı" * 10_000, "EVET", "😀"])
async def test_words_that_the_model_has_never_seen_still_give_an_answer(text: str) -> None:
    answer = await OfflineClassifier(TAXONOMY, shipped()).classify([turn(Speaker.CUSTOMER, text)])
    assert answer.leaf.code in shipped().leaves
    assert 0 <= answer.confidence <= 1
    assert answer.justification
