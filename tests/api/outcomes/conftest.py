"""The API on a port of this machine, and outcomes on the topic."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn

from api.app import make_app
from api.services import Services
from callsift.serving import ApiServer
from schemas import CallOutcome
from streams.kafka import produce, publish_tombstones
from streams.topics import OUTCOMES


@asynccontextmanager
async def served(services: Services) -> AsyncIterator[str]:
    """Serve the API over real HTTP; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ApiServer(uvicorn.Config(make_app(services), log_config=None, timeout_graceful_shutdown=10), services)
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


async def publish(services: Services, *outcomes: CallOutcome) -> None:
    """Put outcomes on the topic, as the sink does."""
    messages = [(one.call_id, one.model_dump_json().encode()) for one in outcomes]
    await asyncio.to_thread(produce, services.kafka, OUTCOMES.name, messages)


async def forget(services: Services, call_id: str) -> None:
    """Put a tombstone on the topic."""
    await asyncio.to_thread(publish_tombstones, services.kafka, [call_id])


def client() -> httpx.AsyncClient:
    """Return a client that waits for 20 seconds at the most."""
    return httpx.AsyncClient(timeout=20.0)
