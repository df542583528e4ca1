"""Conversations of any text, and what must hold for each: nothing raises, and the redaction withholds nothing.

Run ``python -m tests.agents.any_text --dialogues 20000`` for more of them than the suite tries.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.classify.hosted import transcript_block
from agents.classify.offline.classifier import OfflineClassifier
from agents.classify.offline.train import training_dialogues
from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.languages.tr.inverse_text_normalisation import normalised
from agents.transcribe.languages.tr.number_words import numbers
from agents.transcribe.redaction import Kind, Said
from schemas import Speaker, Taxonomy, Turn, Word

LABELLED = Path(__file__).parent / "transcribe" / "redaction" / "labelled.jsonl"
TURN_CHARS, TRANSCRIPT_CHARS = 200, 800


@cache
def sentences() -> list[str]:
    """Every sentence of the redaction's labelled conversations and of the dialogues that the classifier learns from."""
    lines = (json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines())
    labelled = [turn["text"] for line in lines for turn in line["turns"]]
    return [*labelled, *(turn.text for dialogue in training_dialogues() for turn in dialogue.turns)]


@cache
def vocabulary() -> list[str]:
    """Every word of those sentences."""
    return sorted({word for sentence in sentences() for word in sentence.split()})


@cache
def conversations() -> st.SearchStrategy[list[Turn]]:
    """Turns of recombined sentences, words, letters, digits of every script, combining characters, placeholders."""
    odd = st.text(st.characters(categories=["Nd", "Nl", "No", "Mn", "Me", "Lu", "Ll", "Lo"]), min_size=1, max_size=6)
    digits = st.text(st.characters(categories=["Nd"]), min_size=1, max_size=26)
    marks = st.sampled_from([*"@.,:;+-()%₺²³½①'’İIı", "[withheld]", *(kind.placeholder for kind in Kind)])
    word = st.one_of(
        st.sampled_from(vocabulary()), st.sampled_from("abcçdegıioöprsştuü0123456789²"), digits, odd, marks
    )
    sentence = st.sampled_from(sentences())
    tail = st.tuples(sentence, st.integers(0, 8)).map(lambda own: " ".join(own[0].split()[own[1] :]))
    head = st.tuples(sentence, st.integers(1, 12)).map(lambda own: " ".join(own[0].split()[: own[1]]))
    piece = st.one_of(sentence, tail, head, word, word)
    text = st.one_of(
        st.lists(piece, max_size=10).map(" ".join), st.lists(word, max_size=16).map("".join), st.text(max_size=60)
    )
    return st.lists(st.builds(turn, st.sampled_from(Speaker), text), max_size=8)


def turn(speaker: Speaker, text: str) -> Turn:
    """A turn as the transcribe stage makes it: the words joined by single spaces."""
    words = tuple(
        Word(text=word, start_s=place, end_s=place + 0.5, confidence=0.5) for place, word in enumerate(text.split())
    )
    return Turn(speaker=speaker, start_s=0, end_s=len(words), text=" ".join(text.split()), confidence=0.5, words=words)


@cache
def classifier() -> OfflineClassifier:
    """The shipped one."""
    return OfflineClassifier(Taxonomy.load())


def survives(turns: Sequence[Turn]) -> None:
    """Do to a conversation what the stages do to its text; raises where any of it raises or is not as promised."""
    for own in turns:
        assert all(0 <= number.start < number.end <= len(own.text) for number in numbers(own.text))
        normalised(own.text)
    cleared = TURKISH.cleared(turns, normalise=True)
    assert cleared.withheld == 0
    found = TURKISH.redact([Said(own.speaker, own.text) for own in turns])
    assert not found.withheld
    assert [own.text for own in cleared.turns] == [own.text for own in found.turns]
    for own in cleared.turns:
        assert own.normalised is not None
        assert " ".join(word.text for word in own.words).count("[") <= own.text.count("[")
    answer = classifier().answer(cleared.turns)
    assert 0 <= answer.confidence <= 1
    block = transcript_block(cleared.turns, turn_chars=TURN_CHARS, transcript_chars=TRANSCRIPT_CHARS)
    lines = block.text.split("\n")
    assert len(lines) == len(block.shown) + 2 + (len(block.shown) < len(turns))
    assert not [line for line in lines[1:-1] if set(line) & set("<>`{}")]


def main() -> None:
    """Try as many conversations as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dialogues", type=int, default=20_000)
    wanted = parser.parse_args().dialogues
    tried = turns = characters = 0

    @settings(max_examples=wanted, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(conversations())
    def every(conversation: list[Turn]) -> None:
        nonlocal tried, turns, characters
        tried, turns = tried + 1, turns + len(conversation)
        characters += sum(len(own.text) for own in conversation)
        survives(conversation)
        if not tried % 1000:
            sys.stderr.write(f"{tried} dialogues\n")

    every()
    sys.stdout.write(f"{tried} dialogues, {turns} turns, {characters} characters: nothing raised\n")


if __name__ == "__main__":
    main()
