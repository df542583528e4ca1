"""Imitated recognition errors: as many as asked for, repeatable, and made of words that sound alike."""

from difflib import SequenceMatcher

import pytest

from agents.classify.evaluation.noise import WordNoise
from agents.classify.labelled import LabelledDialogue
from agents.classify.offline.train import training_dialogues

DIALOGUES = training_dialogues()
NOISE = WordNoise(word for dialogue in DIALOGUES for turn in dialogue.turns for word in turn.text.split())


def words(dialogue: LabelledDialogue) -> list[str]:
    return [word for turn in dialogue.turns for word in turn.text.split()]


def error_rate(rate: float) -> float:
    """Share of words that no longer stand where they stood."""
    lost = total = 0
    for dialogue in DIALOGUES:
        before, after = words(dialogue), words(NOISE.dialogue(dialogue, rate, seed=3))
        same = sum(block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
        lost += max(len(before), len(after)) - same
        total += len(before)
    return lost / total


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_as_many_words_are_wrong_as_asked_for(rate: float) -> None:
    assert error_rate(rate) == pytest.approx(rate, rel=0.15)


def test_the_same_seed_gives_the_same_errors_and_another_one_others() -> None:
    dialogue = max(DIALOGUES, key=lambda own: len(words(own)))
    assert NOISE.dialogue(dialogue, 0.3, 1) == NOISE.dialogue(dialogue, 0.3, 1)
    assert NOISE.dialogue(dialogue, 0.3, 1) != NOISE.dialogue(dialogue, 0.3, 2)


def test_noise_without_errors_changes_only_the_mark() -> None:
    dialogue = DIALOGUES[0]
    assert NOISE.dialogue(dialogue, 0.0, 1).turns == dialogue.turns


def test_speakers_and_label_stay() -> None:
    for dialogue in DIALOGUES[:50]:
        noisy = NOISE.dialogue(dialogue, 0.5, 1)
        assert [turn.speaker for turn in noisy.turns] == [turn.speaker for turn in dialogue.turns]
        assert (noisy.id, noisy.leaf) == (dialogue.id, dialogue.leaf)


def test_a_misheard_word_sounds_like_the_word() -> None:
    noise = WordNoise(["kombi", "gondi", "kombim", "televizyon"])
    dialogue = LabelledDialogue.model_validate(
        {"id": "x", "turns": [{"speaker": "customer", "text": "kombi " * 300}], "category": "uncertain"}
    )
    heard = set(words(noise.dialogue(dialogue, 0.2, 1)))
    assert "kombim" in heard
