"""Judged calls for tests of figures."""

from agents.classify.evaluation.judged import Judged, judged
from schemas import Taxonomy

TAXONOMY = Taxonomy.load()
FLOOR = 0.35


def call(expected: str, guess: str | None, confidence: float = 0.9, name: str = "", floor: float = FLOOR) -> Judged:
    leaf = TAXONOMY.leaves[guess] if guess else None
    return judged(name or "c", "0", TAXONOMY.leaves[expected], leaf, confidence, floor)
