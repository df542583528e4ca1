"""Every topic and every stage of the pipeline, in one place."""

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from pydantic import BaseModel

from schemas import (
    AudioReady,
    AuditEntry,
    BrakeNotice,
    CallAnnotated,
    CallClassified,
    CallEnded,
    CallOutcome,
    CallTranscribed,
    CallUnrecorded,
    DeadLetter,
    Event,
    Forgotten,
    Replay,
    RetentionNotice,
    SourceNotice,
)

_DAY_S = 24 * 3600

SEGMENT_S = _DAY_S
"""Seconds after which Kafka closes a file of a topic: it removes whole files, so this is how much later than
``retention_s`` a message goes at the most. Kafka's own week would make fourteen days of seven."""

LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024
"""The most that any topic takes; the brokers hold the others to their own limit, which is about 1 MB by default."""


ContentT_co = TypeVar("ContentT_co", bound=BaseModel, covariant=True)


@dataclass(frozen=True)
class TopicOf(Generic[ContentT_co]):
    """A topic: its name without prefix, what is on it, and how Kafka keeps it."""

    name: str
    content: type[ContentT_co]
    """What every value on it is, as JSON."""
    summary: str
    """One sentence for the contract."""
    partitions: int = 12
    """The most workers that can share the stage that reads it."""
    retention_s: int | None = 7 * _DAY_S
    """Seconds that messages are kept; None: for ever."""
    compacted: bool = False
    """Keep the newest message of each key for ever, instead of everything for a while."""
    max_message_bytes: int | None = None
    """Largest message that the brokers take; None: as they are set up (Kafka's own default is about 1 MB)."""
    delay_s: int | None = None
    """For a retry topic: seconds that each message waits before it goes back to where it came from."""


Topic: TypeAlias = TopicOf[Event]
"""A topic of events, as every stage consumes and produces them."""
AnyTopic: TypeAlias = TopicOf[BaseModel]

ENDED = TopicOf("calls.ended", CallEnded, "Calls that are over, from the PBX.")
AUDIO = TopicOf("calls.audio", AudioReady, "Recordings decoded, with who spoke when.")
TRANSCRIPTS = TopicOf("calls.transcripts", CallTranscribed, "What was said.")
REPROCESS = TopicOf("calls.reprocess", CallTranscribed, "Stored transcripts that are to be classified again.")
CLASSIFIED = TopicOf("calls.classified", CallClassified, "What the call was for.")
UNRECORDED = TopicOf("calls.unrecorded", CallUnrecorded, "Calls without a recording: there is nothing to classify.")
ANNOTATIONS = TopicOf("calls.annotations", CallAnnotated, "What people say of a call afterwards: labels and facts.")
OUTCOMES = TopicOf(
    "calls.outcomes",
    CallOutcome,
    "How each call ended, for downstream teams; a message without a value: the call is gone, remove what you keep.",
    retention_s=None,
    compacted=True,
)
DEAD_LETTER = TopicOf(
    "calls.dead-letter",
    DeadLetter,
    "Messages that could not be processed, with the cure.",
    retention_s=30 * _DAY_S,
    max_message_bytes=LARGEST_MESSAGE_BYTES,  # base64 makes the original a third larger, and it has to fit
)

TOPICS: tuple[Topic, ...] = (
    *(ENDED, AUDIO, TRANSCRIPTS, REPROCESS, CLASSIFIED, UNRECORDED, ANNOTATIONS, OUTCOMES, DEAD_LETTER),
)
"""What travels between the stages and to others."""

RETRIES: tuple[Topic, ...] = tuple(
    # One constant delay per topic: the oldest message is always the next one due, so waiting blocks nothing that is.
    TopicOf(
        f"calls.retry.{name}", Event, f"Messages of any stage that are tried again after {name}.", 3, delay_s=wait_s
    )
    for name, wait_s in (("30s", 30), ("5m", 300), ("1h", 3600))
)
"""The steps between a stage's quick tries and the dead-letter topic."""

BRAKES = TopicOf(
    "calls.brakes", BrakeNotice, "Which stage's brake is applied, and why.", 1, retention_s=None, compacted=True
)

REPLAYS = TopicOf(
    "calls.replays", Replay, "Which dead letters have been replayed, and when.", 3, retention_s=None, compacted=True
)
"""Keyed by the dead letter's identifier; read and written by `callsift dlq` alone (streams/dead_letters)."""

RETENTION = TopicOf(
    "calls.retention", RetentionNotice, "When what is too old was last removed.", 1, retention_s=None, compacted=True
)
"""Keyed by kind of data: `callsift retention run` writes it, and the monitor exports it."""

FORGOTTEN = TopicOf(
    "calls.forgotten", Forgotten, "Which calls are forgotten, and since when.", 1, retention_s=None, compacted=True
)
"""Keyed by call: `callsift forget` writes it, and the stages drop what arrives of such a call (docs/privacy.md)."""

SOURCES = TopicOf(
    "calls.sources", SourceNotice, "When each way in last brought a call.", 1, retention_s=None, compacted=True
)
"""Keyed by source: the processes that serve one write it, and the API shows it (docs/sources.md)."""

AUDIT = TopicOf("calls.audit", AuditEntry, "Who read, heard or changed what by the API.", 3, retention_s=90 * _DAY_S)
"""Keyed by the entry's identifier: nothing is replaced, and no order is promised. The API writes it."""

ALL_TOPICS: tuple[AnyTopic, ...] = (*TOPICS, *RETRIES, BRAKES, REPLAYS, FORGOTTEN, RETENTION, SOURCES, AUDIT)


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline: a consumer group of its own, scaled by its own lag."""

    name: str
    consumes: tuple[Topic, ...]
    produces: Topic
    summary: str
    also_produces: tuple[Topic, ...] = ()
    """Where it may publish something besides its result, or a result of another kind."""

    def topic_of(self, result: Event) -> Topic:
        """Return where a result goes: to the topic of its kind."""
        topics = (self.produces, *self.also_produces)
        return next((topic for topic in topics if isinstance(result, topic.content)), self.produces)

    @property
    def group(self) -> str:
        """Its consumer group, without prefix."""
        return f"callsift.{self.name}"


_OF_OUTCOMES = (CLASSIFIED, UNRECORDED, ANNOTATIONS, DEAD_LETTER)
STAGES = {
    stage.name: stage
    for stage in (
        Stage("audio", (ENDED,), AUDIO, "fetch, decode, split channels, detect speech", also_produces=(UNRECORDED,)),
        Stage("transcribe", (AUDIO,), TRANSCRIPTS, "recognise what was said"),
        Stage("classify", (TRANSCRIPTS,), CLASSIFIED, "decide what the call was for", also_produces=(REPROCESS,)),
        Stage("sink", _OF_OUTCOMES, OUTCOMES, "store the outcome and tell everybody"),
        Stage("reprocess", (REPROCESS,), CLASSIFIED, "decide again, in a lane of its own"),
    )
}

RETRY_GROUP = "callsift.retry"
"""The consumer group of the retry mover, without prefix."""

WEBHOOKS_GROUP = "callsift.webhooks"
"""The consumer group of the worker that posts outcomes to endpoints, without prefix."""

CONSUMED = tuple(topic for stage in STAGES.values() for topic in stage.consumes)
"""The topics that stages consume: their messages may be tried again by way of a retry topic, and replayed."""

PIPELINE = ("audio", "transcribe", "classify", "sink")
"""The stages that every call passes, in order."""
