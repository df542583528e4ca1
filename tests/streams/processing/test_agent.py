"""The base class of agents."""

from typing import Any

import pytest

from schemas import Event
from streams.processing.agent import Agent
from tests.streams.scripted import OUTCOME, Scripted


def test_an_agent_that_lacks_work_cannot_be_made() -> None:
    class Misspelt(Agent[Event]):
        async def wrok(self, _event: Event) -> Event | None:
            return OUTCOME

    with pytest.raises(TypeError, match=r"abstract method '?work"):
        Misspelt()  # type: ignore[abstract]


async def test_an_agent_that_only_works_needs_its_dependency_and_publishes_its_result_alone() -> None:
    agent: Agent[Any] = Scripted(OUTCOME)
    await agent.start()
    assert agent.needs_dependency(OUTCOME)
    assert agent.side_output(OUTCOME, OUTCOME) is None
    assert agent.smaller_form(OUTCOME) is None
    async with agent.turn, agent.turn:  # whose publications overlap
        assert await agent.due(OUTCOME) is OUTCOME
    assert await agent.follow_up(OUTCOME, OUTCOME) is None
    await agent.stop()
