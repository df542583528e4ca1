"""The offline classifier behind the common interface."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from agents.classify.core import Answer, Source
from agents.classify.offline.model import OfflineModel, shipped_model
from schemas import Speaker, Taxonomy, Turn
from streams.errors import CallsiftError
from streams.threads import Threads

_EVIDENCE = 2
"""Turns that are named as the reason."""
_QUOTED_WORDS = 9
"""A longer turn is quoted by the stretch of it that speaks most for the answer."""


class OfflineClassifier:
    """Classifies without asking anybody. It reads words, not meaning, and says so in its justification."""

    def __init__(self, taxonomy: Taxonomy, model: OfflineModel | None = None) -> None:
        """Load the shipped model, or take another one.

        Raises:
            CallsiftError: The model names a leaf that the taxonomy does not have.
        """
        self._taxonomy = taxonomy
        self._model = model or shipped_model()
        if strange := sorted(set(self._model.leaves) - taxonomy.leaves.keys()):
            raise CallsiftError(
                f"the offline model answers {', '.join(strange)}, which taxonomy {taxonomy.version} does not have",
                "Train a model with this taxonomy, or keep the category",
            )
        self.source = Source("offline", self._model.version)
        self._thread = Threads("offline", 1)  # it computes: more of them take turns

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Classify one transcript, in a thread."""
        return await self._thread.run(partial(self.answer, turns))

    def answer(self, turns: Sequence[Turn]) -> Answer:
        """Classify one transcript."""
        probabilities = self._model.probabilities([turns])[0]
        best = int(probabilities.argmax())
        code = self._model.leaves[best]
        leaf = self._taxonomy.leaves[code]
        telling = self._telling(turns, code)
        quoted = " ve ".join(f"“{telling[position]}”" for position in sorted(telling))
        by = "Müşterinin" if all(turns[position].speaker == Speaker.CUSTOMER for position in telling) else "Konuşmadaki"
        decided = f"{by} {quoted} {'sözü' if len(telling) == 1 else 'sözleri'} belirledi"
        reason = decided if telling else "Tek başına belirleyici bir söz yok"
        return Answer(
            leaf=leaf,
            confidence=float(probabilities[best]),
            justification=f"{reason} (çevrimdışı sınıflandırıcı).",
            evidence=tuple(sorted(telling)),
        )

    def _telling(self, turns: Sequence[Turn], code: str) -> dict[int, str]:
        """Return the customer's turns that speak most for an answer, and the part of each that does."""
        found: dict[int, tuple[float, str]] = {}
        for position, turn in enumerate(turns):
            if turn.speaker != Speaker.AGENT and turn.text:
                found[position] = _strongest(turn.text.split(), self._model.telling_words(turn, code))
        best = sorted(found, key=lambda position: -found[position][0])[:_EVIDENCE]
        return {position: found[position][1] for position in best if found[position][0] > 0}


def _strongest(words: Sequence[str], strength: Sequence[float]) -> tuple[float, str]:
    """Return how much the strongest stretch of words speaks for an answer, and the stretch."""
    starts = range(max(1, len(words) - _QUOTED_WORDS + 1))
    sums = [sum(strength[start : start + _QUOTED_WORDS]) for start in starts]
    start = max(starts, key=sums.__getitem__)
    end = start + _QUOTED_WORDS
    quoted = " ".join(words[start:end])
    return sums[start], f"{'… ' if start else ''}{quoted}{' …' if end < len(words) else ''}"
