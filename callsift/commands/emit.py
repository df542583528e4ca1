"""``callsift emit``: sends recordings through the pipeline, as a PBX would."""

from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.output import category_title, notes, print_json, print_table, reason
from callsift.demo_files import TEST_CALL
from callsift.percent import percent
from callsift.running import adopt_running
from schemas import CallEnded, OneFile
from streams.settings import AudioStoreSettings, KafkaSettings

TEST_QUEUE = "callsift-test"
"""The queue of test calls, by which whoever reads outcomes can leave them out."""


def emit(
    recordings: Annotated[
        list[Path] | None, typer.Argument(help="Two-channel recordings: customer on 0, agent on 1.")
    ] = None,
    test_call: Annotated[
        bool, typer.Option("--test-call", help=f"Send the call that comes with callsift, of queue {TEST_QUEUE}.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Block until the outcomes are there, and print them.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at the most.", min=0)] = 300.0,
    caller: Annotated[str | None, typer.Option(help="The caller's number, E.164.")] = None,
    agent_id: Annotated[str | None, typer.Option(help="Who answered.")] = None,
    queue: Annotated[str | None, typer.Option(help="The queue of the calls.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one document a line.")] = False,
) -> None:
    """Put local recordings into the audio store and publish a call-ended event for each."""
    from callsift import calls
    from streams.payloads import ClaimCheckStore

    if bool(recordings) is test_call:
        raise typer.BadParameter("name recordings, or say --test-call")
    adopt_running()
    kafka, store = KafkaSettings.read(), ClaimCheckStore(AudioStoreSettings.read().uri)
    events: list[CallEnded] = []
    paths = recordings or [TEST_CALL]
    queue = queue or (TEST_QUEUE if test_call else None)
    for path in paths:
        recording = OneFile(uri=calls.store_recording(store, path))
        facts = {"caller": caller, "agent_id": agent_id, "queue": queue}
        events.append(calls.call_ended(calls.new_call_id(), recording, **facts))
    if not wait:
        calls.emit(kafka, events)
        for event in events:
            print_json({"call_id": event.call_id}, indent=None)
        return
    with notes.status(f"waiting for {len(events)} outcome(s) …"):
        outcomes = calls.emit_and_wait(kafka, events, timeout, lambda _: None)
    if as_json:
        for outcome in outcomes.values():
            print_json(outcome.model_dump(mode="json"), indent=None)
    else:
        rows = [
            [path.name, call_id, category_title(outcome), percent(outcome.confidence, 0), reason(outcome)]
            for path, (call_id, outcome) in zip(paths, outcomes.items(), strict=True)
        ]
        print_table("Outcomes", ["recording", "call", "category", "sure", "why"], rows)
    if any(outcome.state == "failed" for outcome in outcomes.values()):
        raise typer.Exit(1)
