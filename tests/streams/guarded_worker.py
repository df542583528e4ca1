"""A worker that does with a call what its name says: ``python -m tests.streams.guarded_worker STAGE``."""

import sys

from callsift.worker import work
from schemas import Event
from streams.errors import PermanentError, TransientError
from streams.processing.agent import Agent
from streams.topics import STAGES, Topic
from tests.schemas.examples import examples

EXAMPLES = {type(example): example for example in examples()}


class ByName(Agent[Event]):
    """bad… fails for good, later… for now; any other has the stage's result, twofold… also what may be besides."""

    def __init__(self, stage: str) -> None:
        self._stage = STAGES[stage]

    async def work(self, event: Event) -> Event:
        name = str(getattr(event, "call_id", ""))
        if name.startswith("bad"):
            raise PermanentError("it is bad", "None")
        if name.startswith("later"):
            raise TransientError("not yet", "Wait")
        return EXAMPLES[self._stage.produces.content].model_copy(update={"call_id": name})

    def side_output(self, event: Event, _result: Event) -> tuple[Topic, Event] | None:
        if not str(getattr(event, "call_id", "")).startswith("twofold"):
            return None
        return next(((topic, EXAMPLES[topic.content]) for topic in self._stage.also_produces), None)


if __name__ == "__main__":
    work(sys.argv[1], lambda stage, _: ByName(stage))
