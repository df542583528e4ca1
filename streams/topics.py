"""Every topic and every stage of the pipeline, in one place."""

from dataclasses import dataclass

from schemas import AudioReady, CallClassified, CallEnded, CallOutcome, CallTranscribed, DeadLetter, Event

_DAY_S = 24 * 3600

LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024
"""The most that any topic takes; the brokers hold the others to their own limit, which is about 1 MB by default."""


@dataclass(frozen=True)
class Topic:
    """A topic: its name without prefix, the event on it, and how Kafka keeps it."""

    name: str
    event: type[Event]
    holds: str
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


ENDED = Topic("calls.ended", CallEnded, "Calls that are over, from the PBX.")
AUDIO = Topic("calls.audio", AudioReady, "Recordings decoded, with who spoke when.")
TRANSCRIPTS = Topic("calls.transcripts", CallTranscribed, "What was said.")
REPROCESS = Topic("calls.reprocess", CallTranscribed, "Stored transcripts that are to be classified again.")
CLASSIFIED = Topic("calls.classified", CallClassified, "What the call was for.")
OUTCOMES = Topic(
    "calls.outcomes", CallOutcome, "How each call ended, for downstream teams.", retention_s=None, compacted=True
)
DEAD_LETTER = Topic(
    "calls.dead-letter",
    DeadLetter,
    "Messages that could not be processed, with the cure.",
    retention_s=30 * _DAY_S,
    max_message_bytes=LARGEST_MESSAGE_BYTES,  # base64 makes the original a third larger, and it has to fit
)

TOPICS = (ENDED, AUDIO, TRANSCRIPTS, REPROCESS, CLASSIFIED, OUTCOMES, DEAD_LETTER)
"""What travels between the stages and to others."""

RETRIES = tuple(
    # One constant delay per topic: the oldest message is always the next one due, so waiting blocks nothing that is.
    Topic(f"calls.retry.{name}", Event, f"Messages of any stage that are tried again after {name}.", 3, delay_s=delay_s)
    for name, delay_s in (("30s", 30), ("5m", 300), ("1h", 3600))
)
"""The steps of the ladder between a stage's quick tries and the dead-letter topic."""

BRAKES = Topic("calls.brakes", Event, "Which stage's brake is applied, and why.", 1, retention_s=None, compacted=True)

REPLAYS = Topic(
    "calls.replays", Event, "Which dead letters have been replayed, and when.", 3, retention_s=None, compacted=True
)
"""Keyed by the dead letter's identifier; read and written by `callsift dlq` alone (streams/dead_letters/listing.py)."""

ALL_TOPICS = (*TOPICS, *RETRIES, BRAKES, REPLAYS)


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline: a consumer group of its own, scaled by its own lag."""

    name: str
    takes: tuple[Topic, ...]
    gives: Topic
    does: str
    besides: tuple[Topic, ...] = ()
    """Where it may publish something besides its result."""

    @property
    def group(self) -> str:
        """Its consumer group, without prefix."""
        return f"callsift.{self.name}"


STAGES = {
    stage.name: stage
    for stage in (
        Stage("audio", (ENDED,), AUDIO, "fetch, decode, split channels, detect speech"),
        Stage("transcribe", (AUDIO,), TRANSCRIPTS, "recognise what was said"),
        Stage("classify", (TRANSCRIPTS,), CLASSIFIED, "decide what the call was for", besides=(REPROCESS,)),
        Stage("sink", (CLASSIFIED, DEAD_LETTER), OUTCOMES, "store the outcome and tell everybody"),
        Stage("reprocess", (REPROCESS,), CLASSIFIED, "decide again, in a lane of its own"),
    )
}

RETRIED = tuple(topic for stage in STAGES.values() for topic in stage.takes)
"""The topics whose messages may be tried again by way of a retry topic."""

WAY = ("audio", "transcribe", "classify", "sink")
"""The stages that every call passes, in order."""
