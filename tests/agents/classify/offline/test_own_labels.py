"""A model from somebody's own labels: what it has learnt too little of it does not answer, and it fits its taxonomy."""

from dataclasses import replace
from pathlib import Path

import pytest

from agents.classify.dialogues import Dialogue
from agents.classify.evaluation.judged import known
from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from agents.classify.offline.classifier import OfflineClassifier
from agents.classify.offline.model import ENOUGH_EXAMPLES, OfflineModel
from agents.classify.offline.train import cross_validated, train
from schemas import Taxonomy
from streams.errors import CallsiftError

CLINIC = Path(__file__).parents[4] / "examples" / "clinic"
TAXONOMY = Taxonomy.load(CLINIC / "taxonomy.yaml")
DIALOGUES = read_labelled_dialogues([CLINIC / "dialogues" / "training.jsonl"], TAXONOMY)
FEW = {"complaint": ENOUGH_EXAMPLES - 1, "other": 3}


def some() -> list[LabelledDialogue]:
    """Return dialogues of three categories, of two of them too few."""
    kept: list[LabelledDialogue] = []
    for leaf in ("emergency", "checkup", *FEW):
        kept += [one for one in DIALOGUES if one.leaf == leaf][: FEW.get(leaf, ENOUGH_EXAMPLES)]
    return kept


@pytest.fixture(scope="module")
def model() -> OfflineModel:
    return train(some(), taxonomy=TAXONOMY, language="en")


def said(*texts: str) -> Dialogue:
    return Dialogue.model_validate({"id": 1, "turns": [{"speaker": "customer", "text": text} for text in texts]})


def test_the_card_names_what_is_never_answered_and_what_is_not_known(model: OfflineModel) -> None:
    assert model.unsure == {"complaint": ENOUGH_EXAMPLES - 1}
    assert model.card["not_learnt"]["other"] == 3
    assert model.card["not_learnt"]["insurance"] == 0
    assert model.card["taxonomy"] == TAXONOMY.version
    assert model.language == "en"


def test_a_category_with_too_few_examples_is_uncertain_and_says_so(model: OfflineModel) -> None:
    classifier = OfflineClassifier(TAXONOMY, model)
    answer = classifier.answer(said("the filling fell out after three days i am disappointed").transcript)
    assert answer.leaf.code == "uncertain"
    assert f"complaint: {ENOUGH_EXAMPLES - 1} < {ENOUGH_EXAMPLES}" in answer.justification
    sure = classifier.answer(said("my face is swollen and the pain is terrible").transcript)
    assert sure.leaf.code == "emergency"
    assert "offline classifier" in sure.justification


def test_a_model_of_other_categories_is_refused_by_name_and_with_the_cure(model: OfflineModel) -> None:
    with pytest.raises(CallsiftError, match=r"made for taxonomy clinic-1 and answers .*, which taxonomy 1\.1 does not"):
        OfflineClassifier(Taxonomy.shipped(), model)
    forgetful = replace(model, card=model.card | {"not_learnt": {}})
    with pytest.raises(CallsiftError, match=r"has not learnt .*insurance.*which taxonomy clinic-1 has") as refused:
        OfflineClassifier(TAXONOMY, forgetful)
    assert "callsift train" in refused.value.cure


def test_two_categories_are_the_least_to_tell_apart() -> None:
    with pytest.raises(CallsiftError, match="nothing to tell apart: 1 categories have 5 dialogues or more"):
        train([one for one in DIALOGUES if one.leaf == "emergency"], taxonomy=TAXONOMY)


def test_two_categories_are_told_apart() -> None:
    two = [one for one in DIALOGUES if one.leaf in {"emergency", "asked_price"}]
    model = train(two, taxonomy=TAXONOMY, language="en")
    probabilities = model.probabilities([one.turns for one in two])
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert [model.leaves[best] for best in probabilities.argmax(axis=1)] == [one.leaf for one in two]
    figures, undivided = cross_validated(two, 0.35, TAXONOMY)
    assert min(known(found["accuracy"]["leaf"]) for found in (figures, undivided)) > 0.8


def test_cross_validation_measures_every_dialogue_once_and_answers_no_rare_category() -> None:
    figures, undivided = cross_validated(some(), 0.35, TAXONOMY)
    assert figures["n"] == undivided["n"] == 2 * ENOUGH_EXAMPLES + FEW["complaint"]
    assert figures["per_class"]["complaint"]["recall"] == 0
    assert known(figures["per_class"]["emergency"]["recall"]) > 0.5
