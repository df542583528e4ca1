"""mongo-java-server for the store's contract tests: MongoDB's protocol, by others than nx-27017's authors."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from callsift.embedded import end, free_port
from deploy.laptop.kafka_jars import CannotRunKafka, fetched, java

_SOURCE = Path(__file__).parent / "mongo_java"
_START_LIMIT_S = 60.0


@contextmanager
def mongo_java_server() -> Iterator[str]:
    """Run one in memory and yield its address; skips the test where Java or the jars are missing."""
    try:
        path, _ = java()
        jars = fetched(_SOURCE / "pom.xml", Path.home() / ".cache" / "callsift" / "mongo-java-server-1.47.0")
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run mongo-java-server on this machine: {reason}")
    port = free_port()
    command = [path, "-cp", ":".join(map(str, jars)), str(_SOURCE / "MongoJavaServer.java"), str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _START_LIMIT_S
    while not _listens(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    try:
        yield f"mongodb://127.0.0.1:{port}"
    finally:
        end(process)


def with_database(uri: str, name: str) -> str:
    """Return the address with a database's name; a user in it is looked up where it was before."""
    parts = urlsplit(uri)
    known_in = parts.path.strip("/") or "admin"
    query = parts.query or (f"authSource={known_in}" if parts.username else "")
    return parts._replace(path=f"/{name}", query=query).geturl()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
