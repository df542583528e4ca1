"""Labelled lines with misheard words, and their labels on what was heard rightly."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from agents.classify.dialogues import SaidTurn
from agents.classify.evaluation.noise import WordNoise
from agents.classify.labelled import LabelledDialogue
from schemas import Speaker

_SEED = 7


def misheard(lines: Sequence[dict[str, Any]], rate: float) -> list[dict[str, Any]]:
    """Return the lines with a ``rate`` (0 to 1) of their words wrong, lost or doubled, as the project's noise has it.

    A label stays over its words; ``unheard`` names the characters of a turn that are not what was said, which no label
    asks for. A label of which no word was heard rightly is dropped.
    """
    noise = WordNoise(word for line in lines for turn in line["turns"] for word in turn["text"].split())
    return [_misheard(line, noise, rate) for line in lines]


def _misheard(line: dict[str, Any], noise: WordNoise, rate: float) -> dict[str, Any]:
    turns, spans = [], []
    unheard: set[tuple[int, int]] = set()
    for place, turn in enumerate(line["turns"]):
        said = _words(turn["text"])
        heard = _heard([word for _, word in said], noise, rate, f"{line['id']}-{place}")
        starts = [0, *accumulate(len(text) + 1 if text else 0 for text in heard)]
        text = " ".join(filter(None, heard))
        turns.append(turn | {"text": text})
        rightly = [f"{own} ".startswith(f"{word} ") for own, (_, word) in zip(heard, said, strict=True)]
        kept = [
            range(starts[number], starts[number] + len(word))
            for number, (_, word) in enumerate(said)
            if rightly[number]
        ]
        unheard |= {(place, at) for at in range(len(text))} - {(place, at) for own in kept for at in own}
        for span in (span for span in line["spans"] if span["turn"] == place):
            own = [
                (starts[number] + max(0, span["start"] - start), starts[number] + min(len(word), span["end"] - start))
                for number, (start, word) in enumerate(said)
                if rightly[number] and start < span["end"] and start + len(word) > span["start"]
            ]
            spans += [span | {"start": own[0][0], "end": own[-1][1]}] if own else []
    return line | {"turns": turns, "spans": spans, "unheard": unheard}


def _words(text: str) -> list[tuple[int, str]]:
    """Return the words of a text and where they start."""
    words, place = text.split(), 0
    found = []
    for word in words:
        place = text.index(word, place)
        found.append((place, word))
        place += len(word)
    return found


def _heard(words: Sequence[str], noise: WordNoise, rate: float, own: str) -> list[str]:
    """Return what is heard for each word: itself, another, none, or itself and one more."""
    each = tuple(SaidTurn(speaker=Speaker.CUSTOMER, text=word) for word in words)
    dialogue = LabelledDialogue(id=own, turns=each, category="none")
    return [turn.text for turn in noise.dialogue(dialogue, rate, _SEED).turns]
