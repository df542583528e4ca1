"""``callsift demo``: the demo calls through the whole pipeline."""

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from callsift.commands.output import category_title, notes, print_json, print_table, reason
from callsift.demo_files import RECORDINGS
from schemas import Taxonomy
from schemas.taxonomy import use
from streams.errors import CallsiftError
from streams.settings import TaxonomySettings

if TYPE_CHECKING:
    from callsift.demonstration import DemoCall


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    taxonomy: Annotated[
        Path | None,
        typer.Option(help="Folder of another company, such as examples/clinic: taxonomy, recordings, speech model."),
    ] = None,
) -> None:
    """Start the pipeline on this machine, send the demo calls through it, and print their outcomes.

    Exits with 1 if a call has no outcome or, with the offline classifier, not the expected one.
    """
    from agents.classify.settings import ClassifySettings
    from api.settings import ApiSettings
    from callsift.demonstration import read_labels, run_demo
    from callsift.first_requests import first_requests
    from callsift.supervisor import pipeline
    from store.settings import StoreSettings

    recordings = RECORDINGS if taxonomy is None else _another(taxonomy)
    offline, mongo = ClassifySettings.read().chosen == "offline", StoreSettings.read()
    log: list[str] = []
    started = time.monotonic()
    notes.print("starting broker, store and one worker per stage …")
    try:
        with tempfile.TemporaryDirectory(prefix="callsift-demo-") as home, pipeline(Path(home), log.append) as workers:
            notes.print(f"ready after {time.monotonic() - started:.0f} s")
            with Progress(console=notes, disable=not notes.is_terminal) as progress:
                bar = progress.add_task("calls with an outcome", total=len(read_labels(recordings)))
                calls = run_demo(workers, mongo, lambda _: progress.advance(bar), recordings)
    except CallsiftError:
        notes.out("\n".join(log[-50:]), highlight=False)
        raise
    correct = sum(call.is_right for call in calls)
    if as_json:
        print_json({"calls": [call.as_json() for call in calls], "correct": correct, "total": len(calls)})
    else:
        _print_calls(calls)
        notes.print(f"{correct} of {len(calls)} as expected, {time.monotonic() - started:.0f} s in all")
        listens = ApiSettings.read().listen
        notes.print(
            f"\nNext: `.venv/bin/callsift up` in one terminal, and http://{listens} in a browser; "
            "in another terminal hand a call in, and ask for it:\n"
        )
        notes.out("\n".join(first_requests(listens)), highlight=False)
    if (offline and correct < len(calls)) or any(call.outcome.state == "failed" for call in calls):
        raise typer.Exit(1)


def _another(folder: Path) -> Path:
    """Let this process and the workers that it starts be of another company, and return where its recordings are."""
    from callsift.demonstration import read_labels

    own = {"CALLSIFT_TAXONOMY": folder, "CALLSIFT_VOSK_MODEL": folder / "speech_model" / "model"}
    os.environ |= {name: str(path.resolve()) for name, path in own.items()}
    recordings = folder / "recordings"
    if language := read_labels(recordings)[0].language:
        os.environ["CALLSIFT_TRANSCRIBE_LANGUAGE"] = language
    use(TaxonomySettings.read().folder)
    Taxonomy.load()
    return recordings


def _print_calls(calls: "list[DemoCall]") -> None:
    rows = [
        [
            call.label.name,
            f"{'✓' if call.is_right else '✗'} {category_title(call.outcome).rpartition(' · ')[2]}",
            f"{call.outcome.confidence or 0:.0%}",
            f"{call.seconds['end_to_end']:.1f}",
            reason(call.outcome),
        ]
        for call in calls
    ]
    print_table("Outcomes of the demo calls", ["recording", "category", "sure", "s", "why"], rows, cut=True)
