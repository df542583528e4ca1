"""The brake's runbook, as it is written, on the cluster that KUBECONFIG names: ``make cluster-brake``.

A deployment that refuses every recording makes the brake apply itself; then come the steps of
docs/runbooks/CallsiftBrakeApplied.md. On fake nodes this machine runs the pods' workers and says how ready they are.
"""

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.output import notes
from deploy.laptop.folders import kept_or_temporary
from streams.errors import CallsiftError
from streams.payloads.claim_check import ClaimCheckStore
from tests.cluster.calls import Calls
from tests.cluster.installation import installed
from tests.cluster.namespace import restricted_namespace
from tests.cluster.runbook import Runbook
from tests.steps import print_steps, run_steps

_VALUES = Path(__file__).parent / "values" / "brake.yaml"


def brake(
    calls: Annotated[int, typer.Option(help="How many calls come while the bad deployment runs.", min=120)] = 200,
    values_file: Annotated[
        list[Path] | None,
        typer.Option("--values", help="Values over those of the trial; needed where pods really run."),
    ] = None,
    helm: Annotated[Path | None, typer.Option(help="Another helm than the one on the PATH.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for logs and data, which stays.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Let a bad deployment apply the brake, and do what the runbook says; exits with 1 unless every call comes through.

    Where pods really run, CALLSIFT_KAFKA_… and CALLSIFT_AUDIO_STORE_URI say where calls are put, and --values where the
    pods find the same.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows: list[dict[str, str | float]] = []
    try:
        with kept_or_temporary(keep, "callsift-brake-") as folder, ExitStack() as stack:
            cluster = stack.enter_context(restricted_namespace("callsift-brake", helm))
            installation = stack.enter_context(installed(cluster, _VALUES, values_file or [], folder))
            emitted = Calls(installation.kafka, ClaimCheckStore(installation.audio_store))
            run_steps(Runbook(installation, emitted, calls).steps(), rows)
    except CallsiftError as error:
        notes.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    print_steps("The brake's runbook on this cluster", rows, as_json=as_json)


if __name__ == "__main__":
    typer.run(brake)
