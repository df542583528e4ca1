"""Every topic and every stage of the pipeline, in one place."""

from dataclasses import dataclass

from schemas import AudioReady, CallClassified, CallEnded, CallOutcome, CallTranscribed, DeadLetter, Event

_DAY_S = 24 * 3600


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


ENDED = Topic("calls.ended", CallEnded, "Calls that are over, from the PBX.")
AUDIO = Topic("calls.audio", AudioReady, "Recordings decoded, with who spoke when.")
TRANSCRIPTS = Topic("calls.transcripts", CallTranscribed, "What was said.")
CLASSIFIED = Topic("calls.classified", CallClassified, "What the call was for.")
OUTCOMES = Topic(
    "calls.outcomes", CallOutcome, "How each call ended, for downstream teams.", retention_s=None, compacted=True
)
DEAD_LETTER = Topic(
    "calls.dead-letter", DeadLetter, "Messages that could not be processed, with the cure.", 3, 30 * _DAY_S
)

TOPICS = (ENDED, AUDIO, TRANSCRIPTS, CLASSIFIED, OUTCOMES, DEAD_LETTER)


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline: a consumer group of its own, scaled by its own lag."""

    name: str
    takes: tuple[Topic, ...]
    gives: Topic
    does: str


STAGES = {
    stage.name: stage
    for stage in (
        Stage("audio", (ENDED,), AUDIO, "fetch, decode, split channels, detect speech"),
        Stage("transcribe", (AUDIO,), TRANSCRIPTS, "recognise what was said"),
        Stage("classify", (TRANSCRIPTS,), CLASSIFIED, "decide what the call was for"),
        Stage("sink", (CLASSIFIED, DEAD_LETTER), OUTCOMES, "store the outcome and tell everybody"),
    )
}
