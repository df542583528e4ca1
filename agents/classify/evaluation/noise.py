"""Imitated recognition errors: what happens to a classifier when words are heard wrongly."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

from agents.classify.dialogues import SaidTurn
from agents.classify.labelled import LabelledDialogue

_SUBSTITUTED, _DELETED = 0.65, 0.25
"""Shares of the errors; the rest are insertions. About what recognisers make of spontaneous speech."""
_CONFUSED = {
    **dict(zip("pbtdkgçcszfvmn", "bpdtgkcçzsvfnm", strict=True)),
    **dict(zip("aeıiouöü", "eaiıuoüö", strict=True)),
}
"""Letters that recognisers take for one another: voiced and unvoiced consonants, neighbouring vowels."""


class WordNoise:
    """Makes a share of the words wrong as a recogniser does: with words of its vocabulary that sound alike."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Learn which words of ``vocabulary`` are one letter apart."""
        self._words = sorted(set(vocabulary))
        self._alike: dict[str, list[str]] = defaultdict(list)
        for word in self._words:
            for stem in _stems(word):
                self._alike[stem].append(word)

    def dialogue(self, dialogue: LabelledDialogue, rate: float, seed: int) -> LabelledDialogue:
        """Return the dialogue with a ``rate`` (0 to 1) of its words wrong; the same seed gives the same errors."""
        chance = random.Random(f"{seed}:{dialogue.id}")  # noqa: S311 - nothing secret
        turns = tuple(
            SaidTurn(speaker=turn.speaker, text=" ".join(self._misheard(turn.text.split(), rate, chance)))
            for turn in dialogue.turns
        )
        return dialogue.model_copy(update={"turns": turns, "recognition_mistakes": True})

    def _misheard(self, words: Sequence[str], rate: float, chance: random.Random) -> list[str]:
        heard: list[str] = []
        for word in words:
            if chance.random() >= rate:
                heard.append(word)
                continue
            kind = chance.random()
            if kind < _SUBSTITUTED:
                heard.append(self._substitute(word, chance))
            elif kind >= _SUBSTITUTED + _DELETED:
                heard += [word, chance.choice(self._words)]
        return heard

    def _substitute(self, word: str, chance: random.Random) -> str:
        alike = sorted({other for stem in _stems(word) for other in self._alike.get(stem, ())} - {word})
        if alike and len(word) > 2:
            return chance.choice(alike)
        positions = [place for place, letter in enumerate(word) if letter in _CONFUSED]
        if not positions:
            return chance.choice(self._words)
        place = chance.choice(positions)
        return word[:place] + _CONFUSED[word[place]] + word[place + 1 :]


def _stems(word: str) -> set[str]:
    """Return a word and what is left of it without each letter: words that share one are at most two edits apart."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}
