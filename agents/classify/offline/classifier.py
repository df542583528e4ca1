"""The offline classifier behind the common interface."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from agents.classify.core import Answer, Source
from agents.classify.offline.model import ENOUGH_EXAMPLES, OfflineModel, shipped_model
from schemas import Speaker, Taxonomy, Turn
from schemas.taxonomy import EMPTY_CALL, UNCERTAIN
from streams.errors import CallsiftError
from streams.threads import Threads

MODEL = "model.npz"
"""The file beside a taxonomy that holds its model."""
TRAIN = (
    "Train one: callsift train YOUR-CALLS.jsonl --taxonomy FOLDER (docs/own-business.md); until then ask Gemini alone, "
    "without CALLSIFT_CLASSIFY_WHEN_AWAY=offline and CALLSIFT_CLASSIFY_AGREEMENT=offline, or set "
    "CALLSIFT_CLASSIFIER=none, which makes every call Uncertain"
)
_EVIDENCE = 2
"""Turns that are named as the reason."""
_QUOTED_WORDS = 9
"""A longer turn is quoted by the stretch of it that speaks most for the answer."""


class OfflineClassifier:
    """Classifies without asking anybody. It reads words, not meaning, and says so in its justification."""

    def __init__(self, taxonomy: Taxonomy, model: OfflineModel | None = None) -> None:
        """Load the shipped model, or take another one.

        Raises:
            CallsiftError: The model answers what the taxonomy does not have, or does not know what it has.
        """
        self._taxonomy = taxonomy
        self._model = model or shipped_model()
        refuse_unfit(self._model, taxonomy)
        self._words = _turkish if self._model.language == "tr" else _english
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
        quotes = [f"“{telling[position]}”" for position in sorted(telling)]
        by_customer = all(turns[position].speaker == Speaker.CUSTOMER for position in telling)
        justification = self._words(quotes, by_customer=by_customer)
        if code in self._model.unsure:  # too few were learnt from to say so, and enough to know that it is no other
            leaf = self._taxonomy.leaves[UNCERTAIN]
            justification += f" {code}: {self._model.unsure[code]} < {ENOUGH_EXAMPLES}"
        return Answer(
            leaf=leaf,
            confidence=float(probabilities[best]),
            justification=justification,
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


def refuse_unfit(model: OfflineModel, taxonomy: Taxonomy) -> None:
    """Refuse a model that was made for other categories.

    Raises:
        CallsiftError: It answers what the taxonomy does not have, or has not learnt what it has.
    """
    learnt = f"the offline model was made for taxonomy {model.card.get('taxonomy', 'unknown')}"
    if strange := sorted(set(model.leaves) - taxonomy.leaves.keys()):
        raise CallsiftError(
            f"{learnt} and answers {', '.join(strange)}, which taxonomy {taxonomy.version} does not have", TRAIN
        )
    known = {*model.leaves, *model.card.get("not_learnt", {}), EMPTY_CALL, UNCERTAIN}
    if missing := sorted(taxonomy.leaves.keys() - known):
        raise CallsiftError(
            f"{learnt} and has not learnt {', '.join(missing)}, which taxonomy {taxonomy.version} has", TRAIN
        )


def _turkish(quotes: Sequence[str], *, by_customer: bool) -> str:
    by = "Müşterinin" if by_customer else "Konuşmadaki"
    decided = f"{by} {' ve '.join(quotes)} {'sözü' if len(quotes) == 1 else 'sözleri'} belirledi"
    return f"{decided if quotes else 'Tek başına belirleyici bir söz yok'} (çevrimdışı sınıflandırıcı)."


def _english(quotes: Sequence[str], *, by_customer: bool) -> str:
    decided = f"{' and '.join(quotes)}, said {'by the customer' if by_customer else 'in the call'}, decided"
    return f"{decided if quotes else 'No words decide by themselves'} (offline classifier)."


def _strongest(words: Sequence[str], strength: Sequence[float]) -> tuple[float, str]:
    """Return how much the strongest stretch of words speaks for an answer, and the stretch."""
    starts = range(max(1, len(words) - _QUOTED_WORDS + 1))
    sums = [sum(strength[start : start + _QUOTED_WORDS]) for start in starts]
    start = max(starts, key=sums.__getitem__)
    end = start + _QUOTED_WORDS
    quoted = " ".join(words[start:end])
    return sums[start], f"{'… ' if start else ''}{quoted}{' …' if end < len(words) else ''}"
