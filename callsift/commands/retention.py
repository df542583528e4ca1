"""``callsift retention``: removes what is older than the settings allow."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from callsift.commands.output import notes, print_json, print_table
from callsift.running import adopt_running
from streams.errors import CallsiftError, SettingsError
from streams.retention import Swept
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
    """Remove what is old in the audio store, among dead letters and documents, and what killed workers left here.

    What an event needs that nobody has acknowledged stays, however old it is. A kind of data that cannot be looked at
    or removed does not keep the others from it; the exit code is 1 then. To be run once a day: brokers forget how far
    a group is that has had no worker for a week, and this keeps it.
    """
    from callsift.retention import Kind, finish, kinds_of_data
    from store.settings import StoreSettings
    from streams.payloads import ClaimCheckStore

    adopt_running()
    settings, kafka, now = RetentionSettings.read(), KafkaSettings.read(), datetime.now(UTC)
    store = ClaimCheckStore(AudioStoreSettings.read().uri)
    done: list[tuple[Kind, Swept]] = []
    failed: list[tuple[Kind, CallsiftError]] = []
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as progress:
        reading = partial(_show, progress, progress.add_task("unacknowledged messages", total=None))
        for kind in kinds_of_data(
            settings, now, kafka, store, StoreSettings.read(), remove=not dry_run, on_message=reading
        ):
            try:
                done.append((kind, kind.sweep(partial(_show, progress, progress.add_task(kind.name, total=None)))))
            except CallsiftError as error:
                failed.append((kind, error))
    if as_json:
        print_json(
            [
                {
                    "kind": kind.name,
                    "looked_at": found.looked_at,
                    "kept_pending": found.pending,
                    "expired": found.expired,
                    "removed": found.removed,
                }
                for kind, found in done
            ]
            + [{"kind": kind.name, "error": why.message} for kind, why in failed]
        )
    else:
        rows = [
            [kind.name, str(found.looked_at), str(found.pending), str(found.expired if dry_run else found.removed)]
            for kind, found in done
        ]
        gone = "would be removed" if dry_run else "removed"
        print_table("Retention", ["what", "looked at", "old but still needed", gone], rows)
    kept = [name.removesuffix("_days").replace("_", " ") for name, days in settings if not days]
    if kept:
        notes.print(f"kept for ever by the settings: {', '.join(kept)}", highlight=False)
    for kind, why in failed:
        notes.print(f"not done: {kind.name}: {why}", markup=False, highlight=False)
    if not dry_run:
        finish(kafka, {kind.setting for kind, _ in failed}, now)
    if failed:
        raise typer.Exit(2 if any(isinstance(why, SettingsError) for _, why in failed) else 1)


def _show(progress: Progress, task: TaskID, done: int, total: int | None = None) -> None:
    progress.update(task, completed=done, total=total)
