"""``callsift retention``: removes what is older than the settings allow."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from callsift.commands.output import notes, print_json, print_table
from callsift.running import adopt_running
from streams.settings import AudioStoreSettings, KafkaSettings, RetentionSettings

app = typer.Typer(help="Remove what was kept for long enough.", no_args_is_help=True)


@app.callback()
def retention() -> None:
    """Remove what was kept for long enough. CALLSIFT_RETENTION_* say how long that is (docs/audio-store.md)."""


@app.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be removed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove what is old in the audio store, among the dead letters and among the documents.

    What an event needs that nobody has acknowledged stays, however old it is. Where that cannot be told, because the
    brokers do not answer, nothing is removed and the exit code is 1. To be run once a day.
    """
    from agents.sink.settings import SinkSettings
    from callsift.retention import find_expired
    from streams.payloads import ClaimCheckStore

    adopt_running()
    settings, kafka = RetentionSettings.read(), KafkaSettings.read()
    store = ClaimCheckStore(AudioStoreSettings.read().uri)
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as progress:
        reading = partial(_show, progress, progress.add_task("unacknowledged messages", total=None))
        kinds = find_expired(settings, datetime.now(UTC), kafka, store, SinkSettings.read(), reading)
        removed = {
            kind.name: 0 if dry_run else kind.remove(partial(_show, progress, progress.add_task(kind.name, total=None)))
            for kind in kinds
        }
    if as_json:
        print_json(
            [
                {
                    "kind": kind.name,
                    "looked_at": kind.looked_at,
                    "kept_pending": kind.pending,
                    "expired": kind.expired,
                    "removed": removed[kind.name],
                }
                for kind in kinds
            ]
        )
    else:
        rows = [
            [kind.name, str(kind.looked_at), str(kind.pending), str(kind.expired if dry_run else removed[kind.name])]
            for kind in kinds
        ]
        gone = "would be removed" if dry_run else "removed"
        print_table("Retention", ["what", "looked at", "old but still needed", gone], rows)
    kept = [name.removesuffix("_days").replace("_", " ") for name, days in settings if not days]
    if kept:
        notes.print(f"kept for ever by the settings: {', '.join(kept)}", highlight=False)


def _show(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)
