"""A store full of calls, and ``callsift api`` in front of it: what the API's and the pages' benchmarks ask."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from pydantic import SecretStr
from pymongo import MongoClient

from api.access import Role, Scope
from api.access.keys import new_key
from benchmarks.api_calls import LAST, CallCentre
from callsift.commands.progress import shown
from callsift.embedded import EmbeddedBroker, EmbeddedStore, end, free_port
from callsift.supervisor import answers
from store.api_keys import ApiKeyStore
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings

_AT_ONCE = 1000
_START_LIMIT_S = 60.0
ANSWER_LIMIT_S = 600.0
KEY, SECRET = new_key("benchmark", Role.ADMIN, frozenset(), Scope(), LAST, None)


def _fill(uri: str, count: int, *, timed: bool) -> None:
    """Store so many calls, whose words have times or not, and make the indexes."""
    patience = round(ANSWER_LIMIT_S * 1000)  # also for the heartbeats: a store in memory may stop to tidy up
    with MongoClient[dict[str, Any]](uri, connectTimeoutMS=patience) as client, shown(count, 10) as steps:
        calls = client.get_default_database()["calls"]
        for batch in CallCentre(timed=timed).documents(count, _AT_ONCE):
            calls.insert_many(batch, ordered=False)
            steps.done("calls are stored", len(batch))
    asyncio.run(_finished(uri))


async def _finished(uri: str) -> None:
    """Make the indexes, and a key: without one the API asks the store each time whether there is one."""
    database = Database(StoreSettings(uri=SecretStr(uri)), answer_limit_s=3600)
    await OutcomeStore(database).create_indexes()
    await ApiKeyStore(database).add(KEY)
    database.close()


@contextmanager
def filled(named: str | None, folder: Path, count: int, *, timed: bool) -> Iterator[str]:
    """Yield a database with so many calls, on the store that is named or on nx-27017, which ends afterwards."""
    store = EmbeddedStore(folder / "store") if named is None else None
    try:
        uri = f"{(store.uri if store else str(named)).rstrip('/')}/benchmark-{uuid4().hex}"
        _fill(uri, count, timed=timed)
        yield uri
    finally:
        if store:
            store.stop()


@contextmanager
def serving(uri: str, folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Run the API, and yield its process and its address."""
    broker, address, health = EmbeddedBroker(), f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    variables = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")} | {
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "CALLSIFT_MONGO_URI": uri,
        "CALLSIFT_MONGO_TIMEOUT_S": str(ANSWER_LIMIT_S),
        "CALLSIFT_AUDIO_STORE_URI": (folder / "audio").as_uri(),
        "CALLSIFT_API_LISTEN": address,
        "CALLSIFT_HTTP_PORT": health,
        "CALLSIFT_LOG_LEVEL": "WARNING",
        "CALLSIFT_API_REQUESTS_PER_MINUTE": "1000000",
    }
    process = subprocess.Popen([sys.executable, "-m", "callsift", "api"], env=variables)
    try:
        deadline_s = time.monotonic() + _START_LIMIT_S
        while not answers(f"http://{address}/v1/health"):
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError("the API did not start, read its lines above")
            time.sleep(0.1)
        yield psutil.Process(process.pid), f"http://{address}"
    finally:
        end(process)
