"""The reprocessing lane is rate-limited."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from agents.classify.core import Answer, Source
from agents.classify.reprocess_agent import ReprocessAgent
from schemas import Leaf, Taxonomy, Turn
from tests.agents.classify.deciding import deciding
from tests.schemas.examples import call_transcribed

TAXONOMY = Taxonomy.load()


class Counting:
    source = Source("offline", "counting")

    def __init__(self) -> None:
        self.asked = 0

    async def classify(self, _turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        self.asked += 1
        return Answer(Leaf("potential_customer", None), 0.9, "çünkü")


async def test_a_full_lane_lets_no_more_through_than_its_share_and_each_in_the_end() -> None:
    classifier = Counting()
    agent = ReprocessAgent(deciding(classifier, TAXONOMY), 0.5, per_minute=1500)
    work = [asyncio.create_task(agent.work(call_transcribed())) for _ in range(62)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert classifier.asked <= 60  # the burst: a twenty-fifth of the minute's calls
    assert {(await done).decision.category for done in work} == {"potential_customer"}
    assert classifier.asked == 62
