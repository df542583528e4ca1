"""The pages on a port of this machine, with somebody who does what the sink does."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from api.services import Services
from callsift.embedded import free_port
from schemas import CallOutcome
from store.calls import OutcomeStore
from streams.kafka import produce
from streams.topics import OUTCOMES
from tests.pages.conftest import app_of
from tests.patience import PATIENCE_S, until


@dataclass(frozen=True)
class Served:
    """Pages that browsers can open."""

    address: str
    sink: Callable[..., None]
    """Stores outcomes, then tells everybody."""


@contextmanager
def served(services: Services, app: FastAPI | None = None) -> Iterator[Served]:
    """Serve the pages, as they are made by default or as ``app`` has them."""
    port, loops = free_port(), list[asyncio.AbstractEventLoop]()
    address = f"http://localhost:{port}"
    server = uvicorn.Server(uvicorn.Config(app or app_of(services), port=port, log_config=None))

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    async def save(outcomes: tuple[CallOutcome, ...]) -> None:
        for outcome in outcomes:
            await OutcomeStore(services.database).save(outcome)

    def sink(*outcomes: CallOutcome) -> None:
        asyncio.run_coroutine_threadsafe(save(outcomes), loops[0]).result(PATIENCE_S)
        messages = [(outcome.call_id, outcome.model_dump_json().encode()) for outcome in outcomes]
        produce(services.kafka, OUTCOMES.name, messages)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    until(lambda: server.started, within_s=PATIENCE_S)
    try:
        yield Served(address, sink)
    finally:
        services.streams.end()  # as callsift.serving does: uvicorn waits for every answer
        server.should_exit = True
        thread.join(PATIENCE_S)
