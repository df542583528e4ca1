"""What callsift's processes leave for each other on compacted topics: no events of a call, and no contract."""

from pydantic import AwareDatetime, BaseModel, ConfigDict


class BrakeNotice(BaseModel):
    """What calls.brakes says of one stage's brake; its key is the stage's name, and the newest one counts."""

    stage: str
    applied: bool
    reason: str
    at: AwareDatetime


class RetentionNotice(BaseModel):
    """What calls.retention says of one kind of data; its key is the kind, and the newest one counts."""

    kind: str
    """By the setting that gives its age: ``audio_store`` is CALLSIFT_RETENTION_AUDIO_STORE_DAYS."""
    at: AwareDatetime
    """When the run began that removed all of it that was too old then (UTC)."""


class SourceFigures(BaseModel):
    """What one process saw of a source since it began."""

    since: AwareDatetime
    """When the process began (UTC)."""
    at: AwareDatetime
    """When it said this (UTC); it does so each minute while it runs."""
    counts: dict[str, int] = {}
    """What the source said, by what became of it: taken, ignored, or why it was refused."""


class SourceNotice(BaseModel):
    """What calls.sources says of one way in; its key is the source's name, and the newest one counts.

    Each process that serves the source adds its own part, so that it does not matter which of them writes last.
    """

    source: str
    kind: str
    """webhook, folder, asterisk, …: under what it stands in the file that names the sources."""
    processes: dict[str, SourceFigures] = {}
    """By the name of the process; one that was silent for a week is left out."""
    last: dict[str, AwareDatetime] = {}
    """When it last said something (UTC), by what became of it, whichever process saw it."""
    refusal: str | None = None
    """Why something was last refused: a sentence without what was sent."""


class Replay(BaseModel):
    """The mark that a dead letter has been replayed: a message on calls.replays, its key the dead letter's."""

    model_config = ConfigDict(frozen=True)

    dead_letter: str
    """Identifier of the dead letter."""
    call_id: str | None
    """The call that the dead letter names."""
    replayed_at: AwareDatetime
    """When the broker had confirmed the original message on its topic (UTC)."""


class Forgotten(BaseModel):
    """The mark that a call is forgotten: a message on calls.forgotten, its key the call's identifier."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    """The call: whatever arrives of it later is dropped."""
    forgotten_at: AwareDatetime
    """When it was forgotten (UTC)."""
    by: str
    """Who ran `callsift forget`."""


class AuditEntry(BaseModel):
    """Who read, heard or changed something by the API: a message on calls.audit, and a document of the store."""

    model_config = ConfigDict(frozen=True)

    entry_id: str
    """Names the entry: it may come twice, and counts once."""
    who: str
    """The key or the person."""
    action: str
    """What they did, such as read_transcript."""
    call_id: str | None
    """The call; null: many at once."""
    trace_id: str
    """Finds the request in the logs."""
    at: AwareDatetime
    """When (UTC)."""
