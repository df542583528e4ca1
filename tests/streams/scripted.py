"""What the tests of the runner share: a call, a broker that may refuse, and an agent that answers as it was told."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from schemas import CallEnded, CallOutcome, DeadLetter, Event, OneFile
from streams.errors import DependencyDown, TransientError
from streams.message import Headers, Message, Tries
from streams.processing.agent import Agent
from streams.processing.runner import Patience, StageRunner
from streams.settings import RunnerSettings
from streams.topics import DEAD_LETTER, ENDED, RETRIES, STAGES, Stage, Topic

SETTINGS = RunnerSettings(quick_tries=3)
PATIENCE = Patience(backoff_s=0.0, probe_s=0.001, longest_probe_s=0.001, outage_streak=3)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CALL = CallEnded(call_id="call-1", ended_at=NOW, recording=OneFile(uri="file:///r.wav"))
OUTCOME = CallOutcome.following(CALL, state="done", outcome_id="o-1", category="uncertain", decided_at=NOW)


@dataclass(frozen=True)
class Published:
    topic: Topic
    key: bytes | None
    value: bytes
    headers: Headers

    def event(self) -> Event:
        return self.topic.content.model_validate_json(self.value, strict=True)


@dataclass
class Broker:
    """Where the runner publishes to; may refuse the first publications."""

    refusals: list[Exception] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)

    async def publish(self, topic: Topic, *, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        assert value is not None
        self.published.append(Published(topic, key, value, headers))

    @property
    def dead_letter(self) -> DeadLetter:
        [published] = self.published
        assert published.topic is DEAD_LETTER
        letter = published.event()
        assert isinstance(letter, DeadLetter)
        return letter

    @property
    def retry(self) -> Published:
        [published] = self.published
        assert published.topic in RETRIES
        return published


class Busy(TransientError):
    dependency = "the model"


class Away(DependencyDown):
    dependency = "the model"


class Scripted(Agent[Event]):
    """An agent that answers each try as it was told, and repeats its last answer."""

    def __init__(self, *answers: Event | Exception | None) -> None:
        self.answers = list(answers)
        self.tries = 0

    async def work(self, event: Any) -> Event | None:
        self.tries += 1
        answer = self.answers[min(self.tries, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def message(
    value: bytes | None = CALL.model_dump_json().encode(),
    topic: Topic = ENDED,
    headers: Headers = (("source", b"pbx"),),
) -> Message:
    return Message(topic, partition=2, offset=17, key=b"call-1", value=value, headers=headers)


def after_retries(count: int) -> Message:
    """Return the message as it comes back from its last retry topic."""
    taken = message()
    for retries in range(count):
        taken = replace(taken, headers=Tries(NOW, made=3 * (retries + 1), retries=retries).headers(taken))
    return taken


async def take(agent: Scripted, broker: Broker, taken: Message | None = None, stage: Stage = STAGES["audio"]) -> None:
    await StageRunner(stage, agent, broker.publish, SETTINGS, patience=PATIENCE).take(taken or message())
