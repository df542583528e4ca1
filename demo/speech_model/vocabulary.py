"""What can be said: sentence templates with slots, read from ``sentences.txt``, and the words they are made of."""

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
"""The folder of the demo's own model; another one has a ``sentences.txt`` of its own."""
TURKISH = ("tr", "tamam")
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

    voice: str
    """espeak-ng's voice of the language."""

    carrier: str
    """A plain word of the language, between two of which others are pronounced."""

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
def read_templates(folder: Path = HERE) -> Templates:
    """Parse the file: ``@slot a | b``, ``+ words``, ``# comment``, anything else is a sentence.

    ``= voice carrier`` names another language than Turkish: espeak-ng's voice and a plain word of it.
    """
    slots: dict[str, list[str]] = {}
    sentences: list[str] = []
    words: set[str] = set()
    voice, carrier = TURKISH
    for line in (folder / "sentences.txt").read_text(encoding="utf-8").splitlines():
        match line[:1]:
            case "" | "#":
                continue
            case "@":
                name, phrases = line[1:].split(" ", 1)
                slots[name] = [phrase.strip() for phrase in phrases.split("|")]
                words.update(*map(words_of, slots[name]))
            case "=":
                voice, carrier = line[1:].split()
            case "+":
                words.update(words_of(line[1:]))
            case _:
                sentences.append(line)
                words.update(words_of(SLOT.sub(" ", line)))
    return Templates(slots, sentences, sorted(words), voice, carrier)


def words_of(text: str) -> list[str]:
    """The words as a transcript has them: commas dropped."""
    return text.replace(",", " ").split()
