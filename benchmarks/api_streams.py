"""Many readers of the stream of outcomes over real HTTP, some of whom stop reading: does anybody else lose anything?

``python -m benchmarks.api_streams`` runs the API, an embedded broker and the readers in one process, and a
store beside it. The readers are lean sockets, so that 200 of them fit; the memory that is told holds everything.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import psutil
import uvicorn
from prometheus_client import REGISTRY
from pydantic import SecretStr

from api.access.authentication import Authentication
from api.access.keys import Keys
from api.app import make_app
from api.services import Services
from api.settings import ApiSettings
from callsift.embedded import EmbeddedBroker, EmbeddedStore, free_port
from callsift.serving import ApiServer
from schemas import CallOutcome
from store.api_keys import ApiKeyStore
from store.database import Database
from store.settings import StoreSettings
from streams.kafka import publish_outcomes
from streams.payloads import ClaimCheckStore
from streams.settings import KafkaSettings

_REQUEST = b"GET /v1/outcomes/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
_BLOCK = 100
_DROPPED = "callsift_api_streams_dropped_total"


@dataclass(frozen=True)
class Found:
    """What came of a run."""

    readers: int
    stopped: int
    outcomes: int
    complete: int
    """Readers that went on and got every outcome once, in no matter which order."""
    dropped: float
    """Streams that the API ended because their reader was too slow."""
    seconds: float
    memory_before_mb: float
    """Resident memory of this process, readers included, when all streams are open."""
    memory_after_mb: float


class Reader:
    """One reader: opens a stream, and goes on or stops."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.got: list[str] = []

    async def open(self, port: int) -> None:
        """Open a stream; it has begun when this returns."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
        self._writer.write(_REQUEST)
        await self._reader.readuntil(b"retry: 3000\n\n")

    async def read(self, how_many: int) -> None:
        """Read so many outcomes."""
        while len(self.got) < how_many:
            line = await self._reader.readline()
            if not line:
                return
            if line.startswith(b"data: "):
                self.got.append(json.loads(line.removeprefix(b"data: "))["call_id"])

    def close(self) -> None:
        """Go."""
        self._writer.close()


async def run(services: Services, outcome: CallOutcome, readers: int, stopped: int, outcomes: int) -> Found:
    """Serve the API, let readers read and some of them stop, and publish so many outcomes."""
    port = free_port()
    server = ApiServer(uvicorn.Config(make_app(services), port=port, log_config=None), services)
    serving = asyncio.create_task(server.serve())
    await _until(lambda: server.started)
    everybody = [Reader() for _ in range(readers)]
    for reader in everybody:
        await reader.open(port)
    before, dropped, began = _memory_mb(), _dropped(), time.monotonic()
    going_on = everybody[stopped:]
    reading = [asyncio.create_task(reader.read(outcomes)) for reader in going_on]
    calls = [outcome.model_copy(update={"call_id": f"{number}-{uuid4().hex}"}) for number in range(outcomes)]
    for first in range(0, outcomes, _BLOCK):
        block = calls[first : first + _BLOCK]
        await asyncio.to_thread(publish_outcomes, services.kafka, block)
        await _until(partial(_all_have, going_on, first))  # no faster than those who read
    await asyncio.wait(reading, timeout=120)
    seconds, after = time.monotonic() - began, _memory_mb()
    wanted = sorted(call.call_id for call in calls)
    complete = sum(sorted(reader.got) == wanted for reader in going_on)
    await _until(lambda: _dropped() >= dropped + stopped)  # the API gives up on them after a minute
    for reader in everybody:
        reader.close()
    server.should_exit = True
    await serving
    return Found(readers, stopped, outcomes, complete, _dropped() - dropped, round(seconds, 1), before, after)


def services_in(folder: Path, store: str, broker: EmbeddedBroker, settings: ApiSettings) -> Services:
    """Return the services of an API that has everything on this machine."""
    database = Database(StoreSettings(uri=SecretStr(f"{store}/streams-{uuid4().hex}")))
    return Services(
        settings=settings,
        kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers),
        database=database,
        audio=ClaimCheckStore(folder.as_uri()),
        authentication=Authentication(Keys(ApiKeyStore(database))),
    )


async def _until(holds: Callable[[], bool], limit_s: float = 120.0) -> None:
    ends_s = time.monotonic() + limit_s
    while not holds() and time.monotonic() < ends_s:  # noqa: ASYNC110 - what it waits for tells nobody
        await asyncio.sleep(0.01)


def _all_have(readers: Sequence[Reader], how_many: int) -> bool:
    return all(len(reader.got) >= how_many for reader in readers)


def _dropped() -> float:
    return REGISTRY.get_sample_value(_DROPPED) or 0.0


def _memory_mb() -> float:
    return round(psutil.Process().memory_info().rss / 2**20, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--stopped", type=int, default=10)
    parser.add_argument("--outcomes", type=int, default=1000)
    parser.add_argument("--buffer", type=int, default=200)
    given = parser.parse_args(arguments)
    outcome = CallOutcome.model_validate_json(
        (Path(__file__).parent.parent / "tests/schemas/golden/CallOutcome.1.1.json").read_bytes()
    )
    large = outcome.model_copy(update={"metadata": {"padding": "x" * 8000}})  # more than the sockets hold
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, broker = EmbeddedStore(folder / "store"), EmbeddedBroker()  # it lives as long as its name
        try:
            services = services_in(folder, store.uri, broker, ApiSettings(stream_buffer=given.buffer))
            found = asyncio.run(run(services, large, given.readers, given.stopped, given.outcomes))
        finally:
            store.stop()
    print(json.dumps(asdict(found), indent=2))


if __name__ == "__main__":
    main()
