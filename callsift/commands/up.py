"""``callsift up``: the whole pipeline on this machine."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callsift.commands.output import beside_us, notes
from callsift.demo_files import RECORDINGS
from callsift.running import Running, find_running, home
from streams.errors import CallsiftError

if TYPE_CHECKING:
    from callsift.supervisor import Pipeline, Ports

_TRY = (
    (f"emit {beside_us(RECORDINGS / 'leaking-washing-machine.wav')} --wait", "a call"),
    ("outcomes tail --from-start", "every outcome, as it comes"),
    ("status --watch", "what waits where, and why"),
)


def up(
    any_port: Annotated[
        bool, typer.Option("--any-port", help="Listen on any free ports: for several of them on one machine.")
    ] = False,
) -> None:
    """Run the whole pipeline here, with an embedded broker and store, until Ctrl-C.

    In another terminal `callsift emit RECORDING --wait` sends a call. CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and
    CALLSIFT_MONGO_URI name real servers to use instead; CALLSIFT_VOSK_MODEL names a real speech model.
    """
    from callsift.supervisor import USUAL, Ports, announce, pipeline

    if running := find_running():
        raise CallsiftError(f"callsift is up already, in process {running.pid}", "End it first, or set CALLSIFT_HOME")
    notes.print("starting the workers …")
    ports = Ports() if any_port else USUAL
    try:
        with pipeline(home(), lambda line: print(line, file=sys.stderr), ports) as workers:  # noqa: T201 - others'
            announce(workers)
            notes.out("\n".join(_welcome(workers, ports)), highlight=False)
            while True:
                workers.check()
                time.sleep(0.5)
    except KeyboardInterrupt:
        notes.print("ended")
    finally:
        Running.remove()


def _welcome(workers: "Pipeline", ports: "Ports") -> list[str]:
    """Return the lines that say where everything is, and what to try."""
    kafka, store, api = (
        workers.environment[f"CALLSIFT_{name}"] for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGO_URI", "API_LISTEN")
    )
    if os.environ.get("CALLSIFT_MONGO_URI"):
        store = "as CALLSIFT_MONGO_URI says"  # which may hold a password
    called = beside_us(Path(sys.argv[0])) if Path(sys.argv[0]).name == "callsift" else "callsift"
    width = max(len(command) for command, _ in _TRY)
    return [
        "ready. Ctrl-C ends it.",
        f"  the page   http://{api}",
        f"  the API    http://{api}/v1",
        f"  Kafka      {kafka}",
        f"  MongoDB    {store}",
        *(
            f"ATTENTION: port {port} of this machine was taken, so it is the next free one"
            for port, variable, address in (
                (ports.kafka, "KAFKA_BOOTSTRAP_SERVERS", kafka),
                (ports.store, "MONGO_URI", store),
                (ports.api, "API_LISTEN", api),
            )
            if port and not os.environ.get(f"CALLSIFT_{variable}") and not address.endswith(f":{port}")
        ),
        "In another terminal:",
        *(f"  {called} {command:<{width}}  {what}" for command, what in _TRY),
    ]
