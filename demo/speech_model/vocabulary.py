"""What can be said: sentence templates with slots, read from ``sentences.txt``, and the words they are made of."""

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SENTENCES = Path(__file__).with_name("sentences.txt")
SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Templates:
    """The parsed ``sentences.txt``."""

    slots: dict[str, list[str]]
    """Slot name -> the phrases that may fill it."""

    sentences: list[str]
    """Sentences with ``{slot}`` marks; a comma is a pause."""

    words: list[str]
    """The closed vocabulary, sorted: everything that can be said, and the words of the ``+`` lines."""

    def utterance(self, rng: random.Random) -> str:
        """One to three sentences said in one go."""
        count = rng.choices([1, 2, 3], [0.5, 0.35, 0.15])[0]
        joint = ", " if rng.random() < 0.5 else " "
        return joint.join(self._filled(rng.choice(self.sentences), rng) for _ in range(count))

    def word_salad(self, rng: random.Random) -> str:
        """Three to nine words in random order, so that sounds are not learnt through their sentences alone."""
        return " ".join(rng.choice(self.words) for _ in range(rng.randint(3, 9)))

    def _filled(self, sentence: str, rng: random.Random) -> str:
        return SLOT.sub(lambda slot: rng.choice(self.slots[slot.group(1)]), sentence)


@cache
def read_templates(path: Path = SENTENCES) -> Templates:
    """Parse the file: ``@slot a | b``, ``+ words``, ``# comment``, anything else is a sentence."""
    slots: dict[str, list[str]] = {}
    sentences: list[str] = []
    words: set[str] = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        match line[:1]:
            case "" | "#":
                continue
            case "@":
                name, phrases = line[1:].split(" ", 1)
                slots[name] = [phrase.strip() for phrase in phrases.split("|")]
                words.update(*map(words_of, slots[name]))
            case "+":
                words.update(words_of(line[1:]))
            case _:
                sentences.append(line)
                words.update(words_of(SLOT.sub(" ", line)))
    return Templates(slots, sentences, sorted(words))


def words_of(text: str) -> list[str]:
    """The words as a transcript has them: commas dropped."""
    return text.replace(",", " ").split()
