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
_WORDS = 4


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
        words = self._model.telling_words(turns, code, _WORDS)
        leaf = self._taxonomy.leaves[code]
        title = self._taxonomy.title(leaf, "tr")
        quoted = ", ".join(f"“{word}”" for word in words)
        reason = f"en çok {quoted} sözleri bu yönde" if words else "tek tek ayırt edici bir söz yok"
        return Answer(
            leaf=leaf,
            confidence=float(probabilities[best]),
            justification=f"Çevrimdışı sınıflandırıcı “{title}” dedi: {reason}.",
            evidence=_telling_turns(turns, words),
        )


def _telling_turns(turns: Sequence[Turn], words: Sequence[str]) -> tuple[int, ...]:
    """Return the customer's turns that hold most of the telling words, in the order of the call."""
    hits = {
        position: len(set(words) & set(turn.text.split()))
        for position, turn in enumerate(turns)
        if turn.speaker != Speaker.AGENT
    }
    best = sorted((position for position in hits if hits[position]), key=lambda position: -hits[position])
    return tuple(sorted(best[:_EVIDENCE]))
