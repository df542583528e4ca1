"""The labelled dialogues: labels that exist, enough of each, and none of the evaluation known from training."""

from collections import Counter
from pathlib import Path

import pytest

from agents.classify.offline.train import Dialogue, evaluation_dialogues, read_dialogues, training_dialogues
from schemas import Taxonomy

TAXONOMY = Taxonomy.load()
TRAINING, EVALUATION = training_dialogues(), evaluation_dialogues()
MOST_ALIKE = 0.3
"""Jaccard similarity of word trigrams above which one dialogue counts as a copy of another."""


def trigrams(dialogue: Dialogue) -> frozenset[tuple[str, ...]]:
    words = [word for turn in dialogue.turns for word in (turn.speaker.value, *turn.text.split())]
    return frozenset(tuple(words[start : start + 3]) for start in range(len(words) - 2))


def likeness(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    return len(one & other) / max(1, len(one | other))


def test_every_label_is_in_the_taxonomy() -> None:
    for dialogue in (*TRAINING, *EVALUATION):
        assert TAXONOMY.leaf(dialogue.category, dialogue.sub_category)


def test_every_leaf_has_twenty_dialogues_to_learn_from() -> None:
    counts = Counter(dialogue.leaf for dialogue in TRAINING)
    assert {leaf: counts[leaf] for leaf in TAXONOMY.leaves if counts[leaf] < 20} == {}


def test_every_leaf_is_evaluated() -> None:
    counts = Counter(dialogue.leaf for dialogue in EVALUATION)
    assert {leaf: counts[leaf] for leaf in TAXONOMY.leaves if counts[leaf] < 5} == {}


def test_identifiers_are_unique() -> None:
    counts = Counter(dialogue.id for dialogue in (*TRAINING, *EVALUATION))
    assert [name for name, count in counts.items() if count > 1] == []


def test_only_empty_calls_have_a_silent_customer() -> None:
    assert {dialogue.leaf for dialogue in (*TRAINING, *EVALUATION) if not dialogue.customer_speaks} == {"empty_call"}


def test_texts_look_like_speech_recognition() -> None:
    odd = [
        dialogue.id
        for dialogue in (*TRAINING, *EVALUATION)
        for turn in dialogue.turns
        if any(mark in turn.text for mark in ".,;:!?\"'") or turn.text != turn.text.strip()
    ]
    assert odd == []


def test_no_evaluated_dialogue_is_known_from_training() -> None:
    known = [(dialogue.id, trigrams(dialogue)) for dialogue in TRAINING if dialogue.customer_speaks]
    evaluated = [(dialogue.id, trigrams(dialogue)) for dialogue in EVALUATION if dialogue.customer_speaks]
    copies = [(name, other) for name, own in evaluated for other, seen in known if likeness(own, seen) > MOST_ALIKE]
    assert copies == []


def test_a_copy_would_be_noticed() -> None:
    turns = TRAINING[0].turns
    changed = TRAINING[0].model_copy(update={"turns": turns[:-1]})
    assert likeness(trigrams(TRAINING[0]), trigrams(changed)) > MOST_ALIKE


def test_a_label_outside_the_taxonomy_is_refused_with_the_dialogues_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(TRAINING[0].model_copy(update={"id": "x-7", "category": "refund"}).model_dump_json())
    with pytest.raises(ValueError, match=r"dialogue x-7: no leaf 'refund'"):
        read_dialogues([path])
