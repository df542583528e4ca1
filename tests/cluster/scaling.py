"""Lag scales pods, on the cluster that KUBECONFIG names: ``make cluster-scaling``.

The chart is installed with transcribe scaled by KEDA, calls are emitted at once, and every few seconds the lag of
calls.audio, the pods of transcribe and the outcomes are written down. On fake nodes this machine runs the pods'
workers, and Kafka and MongoDB where the environment names none.
"""

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.output import notes, print_json, print_table
from deploy.laptop.folders import kept_or_temporary
from streams.errors import CallsiftError
from streams.payloads.claim_check import ClaimCheckStore
from tests.cluster.calls import Calls
from tests.cluster.client import ClusterRefused
from tests.cluster.installation import installed
from tests.cluster.namespace import restricted_namespace
from tests.cluster.readings import Reading, faults
from tests.cluster.scaled_object import rule_of
from tests.cluster.trial import STAGE, Trial

_VALUES = Path(__file__).parent / "values" / "scaling.yaml"


def scaling(
    calls: Annotated[int, typer.Option(help="How many calls are emitted at once.", min=1)] = 500,
    limit: Annotated[float, typer.Option(help="Seconds that all of it may take from then on.", min=1)] = 900.0,
    values_file: Annotated[
        list[Path] | None,
        typer.Option("--values", help="Values over those of the trial; needed where pods really run."),
    ] = None,
    helm: Annotated[Path | None, typer.Option(help="Another helm than the one on the PATH.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for logs and data, which stays.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Let a backlog of calls scale the transcribe stage up and down; exits with 1 unless it does and no call is lost.

    The cluster needs KEDA. Where its nodes are fake, nothing else is needed; where pods really run, CALLSIFT_KAFKA_…
    and CALLSIFT_AUDIO_STORE_URI say where calls are put, and --values where the pods find the same.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with kept_or_temporary(keep, "callsift-scaling-") as folder, ExitStack() as stack:
            cluster = stack.enter_context(restricted_namespace("callsift-scaling", helm))
            if not cluster.has_keda():
                raise ClusterRefused("this cluster has no KEDA", "Install it: https://keda.sh/docs/latest/deploy")
            installation = stack.enter_context(installed(cluster, _VALUES, values_file or [], folder))
            rule = rule_of(cluster, STAGE)
            emitted = Calls(installation.kafka, ClaimCheckStore(installation.audio_store))
            trial = Trial(installation, rule, emitted)
            readings = trial.run(calls, limit)
            problems = [*faults(readings, rule), *trial.problems()]
    except CallsiftError as error:
        notes.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if as_json:
        rows = [reading.as_json() for reading in readings]
        print_json({"readings": rows, "calls": emitted.tally(), "problems": problems})
    else:
        _print(readings)
        notes.print(f"calls: {emitted.tally()}", highlight=False)
        for problem in problems:
            notes.print(f"problem: {problem}", markup=False, highlight=False)
    if problems:
        raise typer.Exit(1)


def _print(readings: list[Reading]) -> None:
    columns = ["seconds", "lag", "replicas", "workers", "outcomes", "event"]
    rows = [
        [f"{one.at_s:.0f}", str(one.lag), str(one.replicas), str(one.workers), str(one.outcomes), one.event]
        for one in readings
    ]
    print_table("transcribe", columns, rows)


if __name__ == "__main__":
    typer.run(scaling)
