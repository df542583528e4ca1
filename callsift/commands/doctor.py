"""``callsift doctor``: whether everything is there that calls need on their way."""

from dataclasses import asdict
from typing import Annotated

import typer

from callsift.commands.output import harmless, notes, print_json, print_table
from callsift.running import adopt_running


def doctor(
    ask: Annotated[
        bool, typer.Option("--ask", help="Let the hosted model classify an invented sentence: one paid request.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at Kafka, workers, MongoDB, audio store, models and clock, and say what is wrong and what mends it.

    It asks what the settings name, or a `callsift up` on this machine. Exits with 1 if anything has failed.
    """
    from callsift.doctor import looked_at

    adopt_running()
    findings = []
    for finding in looked_at(ask=ask):
        findings.append(finding)
        notes.print(f"looked at: {finding.of}", highlight=False)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [[one.of, one.state, harmless(one.found), harmless(one.cure)] for one in findings]
        print_table("What calls need", ["what", "state", "found", "cure"], rows)
    if any(finding.state == "failed" for finding in findings):
        raise typer.Exit(1)
