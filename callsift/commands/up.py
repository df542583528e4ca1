"""``callsift up``: the whole pipeline on this machine."""

import sys
import time

from callsift.commands.output import notes
from callsift.running import Running, find_running, home
from streams.errors import CallsiftError


def up() -> None:
    """Run the whole pipeline here, with an embedded broker and store, until Ctrl-C.

    In another terminal `callsift emit RECORDING --wait` sends a call. CALLSIFT_KAFKA_BOOTSTRAP_SERVERS and
    CALLSIFT_MONGO_URI name real servers to use instead; CALLSIFT_VOSK_MODEL names a real speech model.
    """
    from api.settings import ApiSettings
    from callsift.supervisor import announce, pipeline, usual_address

    if running := find_running():
        raise CallsiftError(f"callsift is up already, in process {running.pid}", "End it first, or set CALLSIFT_HOME")
    notes.print("starting the workers …")
    try:
        api_listens = usual_address(ApiSettings().listen)
        with pipeline(home(), lambda line: print(line, file=sys.stderr), api_listens) as workers:  # noqa: T201 - others'
            announce(workers)
            kafka, api = (workers.environment[f"CALLSIFT_{name}"] for name in ("KAFKA_BOOTSTRAP_SERVERS", "API_LISTEN"))
            notes.print(f"ready, Kafka on {kafka}, the API on http://{api}/v1. Ctrl-C ends it.")
            notes.print(f"Open http://{api} in a browser.")
            while True:
                workers.check()
                time.sleep(0.5)
    except KeyboardInterrupt:
        notes.print("ended")
    finally:
        Running.remove()
