"""What stands where a taxonomy has no classifier yet: every call in which the customer speaks is Uncertain."""

from collections.abc import Sequence
from datetime import datetime

from agents.classify.core import Answer, Source
from schemas import Taxonomy, Turn
from schemas.taxonomy import UNCERTAIN


class Undecided:
    """Decides nothing, and says so."""

    source = Source("rule", "rule:no-classifier")

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Take the taxonomy that has the category."""
        self._leaf = taxonomy.leaves[UNCERTAIN]

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Answer that nobody was asked."""
        return Answer(self._leaf, 0.0, "No classifier is set up: CALLSIFT_CLASSIFIER=none.")
