"""The labelled dialogues: labels that exist, enough of each, and none of the evaluation known from training."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from agents.classify.evaluation.noise import WordNoise
from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from agents.classify.offline.train import DIALOGUES, evaluation_dialogues, training_dialogues
from schemas import Taxonomy
from streams.errors import CallsiftError

TAXONOMY = Taxonomy.load()
TRAINING, EVALUATION = training_dialogues(), evaluation_dialogues()
MISLEADING = read_labelled_dialogues([DIALOGUES / "misleading.jsonl"])
ALL = (*TRAINING, *EVALUATION, *MISLEADING)
MOST_ALIKE = 0.5
"""Jaccard similarity of the sets of five letters within words above which one dialogue counts as a near-duplicate of
another. Two dialogues have 0.05 in the median, 0.46 at the most: short calls that say nothing resemble each other."""


def spoken(dialogues: Sequence[LabelledDialogue]) -> list[LabelledDialogue]:
    return [dialogue for dialogue in dialogues if dialogue.customer_speaks]


def likeness(ones: Sequence[LabelledDialogue], others: Sequence[LabelledDialogue]) -> npt.NDArray[np.float64]:
    """Jaccard similarity of every pair, shape (ones, others)."""
    letters = CountVectorizer(analyzer="char_wb", ngram_range=(5, 5), binary=True, lowercase=False)
    found = letters.fit_transform([" ".join(turn.text for turn in own.turns) for own in (*ones, *others)]).astype(int)
    left, right = found[: len(ones)], found[len(ones) :]
    common = (left @ right.T).toarray()
    result: npt.NDArray[np.float64] = common / (np.asarray(left.sum(axis=1)) + np.asarray(right.sum(axis=1)).T - common)
    return result


def copies(ones: Sequence[LabelledDialogue], others: Sequence[LabelledDialogue]) -> list[tuple[str, str]]:
    """Pairs of different dialogues that are too much alike."""
    pairs = np.argwhere(likeness(ones, others) > MOST_ALIKE)
    return [(ones[i].id, others[j].id) for i, j in pairs if ones[i].id != others[j].id]


def test_every_label_is_in_the_taxonomy() -> None:
    for dialogue in ALL:
        assert TAXONOMY.leaf(dialogue.category, dialogue.sub_category)


def test_every_leaf_has_forty_dialogues_to_learn_from() -> None:
    counts = Counter(dialogue.leaf for dialogue in TRAINING)
    assert {leaf: counts[leaf] for leaf in TAXONOMY.leaves if counts[leaf] < 40} == {}


def test_three_hundred_dialogues_are_evaluated_and_fifteen_of_every_leaf() -> None:
    counts = Counter(dialogue.leaf for dialogue in EVALUATION)
    assert len(EVALUATION) >= 300
    assert {leaf: counts[leaf] for leaf in TAXONOMY.leaves if counts[leaf] < 15} == {}


def test_the_datasheet_counts_the_dialogues_that_are_there() -> None:
    sheet = (DIALOGUES / "DATASHEET.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+ \| \d+) \|$", sheet, re.MULTILINE))
    learnt, judged = (Counter(own.leaf for own in dialogues) for dialogues in (TRAINING, EVALUATION))
    assert rows == {leaf: f"{learnt[leaf]} | {judged[leaf]}" for leaf in TAXONOMY.leaves}
    assert f"{len(TRAINING)} dialogues to learn from" in sheet
    assert f"{len(EVALUATION)} to be measured on" in sheet
    assert f"has {len(MISLEADING)} more" in sheet


def test_identifiers_are_unique() -> None:
    counts = Counter(dialogue.id for dialogue in ALL)
    assert [name for name, count in counts.items() if count > 1] == []


def test_only_empty_calls_have_a_silent_customer() -> None:
    assert {dialogue.leaf for dialogue in ALL if not dialogue.customer_speaks} == {"empty_call"}


def test_texts_look_like_speech_recognition() -> None:
    odd = [
        dialogue.id
        for dialogue in ALL
        for turn in dialogue.turns
        if any(mark in turn.text for mark in ".,;:!?\"'") or turn.text != turn.text.strip()
    ]
    assert odd == []


@pytest.mark.parametrize("others", [TRAINING, EVALUATION], ids=["known from training", "in the evaluation twice"])
def test_no_evaluated_dialogue_is_a_copy_of_another(others: list[LabelledDialogue]) -> None:
    assert copies(spoken([*EVALUATION, *MISLEADING]), spoken([*others, *MISLEADING])) == []


def test_a_copy_would_be_noticed_even_if_it_is_changed_and_misheard() -> None:
    noise = WordNoise(word for dialogue in TRAINING for turn in dialogue.turns for word in turn.text.split())
    changed = [
        noise.dialogue(own.model_copy(update={"id": f"copy-{own.id}", "turns": own.turns[1:]}), 0.1, seed=1)
        for own in spoken(TRAINING)[:200]
        if len(own.turns) >= 6
    ]
    found = {name for name, _ in copies(changed, spoken(TRAINING))}
    assert len(found) >= 0.95 * len(changed)


def test_a_label_outside_the_taxonomy_is_refused_with_the_dialogues_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(TRAINING[0].model_copy(update={"id": "x-7", "category": "refund"}).model_dump_json())
    with pytest.raises(CallsiftError, match=r"call x-7: no leaf 'refund'"):
        read_labelled_dialogues([path])
