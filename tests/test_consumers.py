"""The consumers of docs/consumers.md: the page shows the files, and the files do what the page says."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api.webhook_endpoints.resource import new_secret
from callsift.embedded import EmbeddedBroker, free_port
from callsift.webhooks.payload import of_forgotten, of_outcome
from callsift.webhooks.signing import signed_headers
from deploy.laptop.kafka_jars import jars, java
from schemas import CallOutcome
from streams.kafka import publish_outcomes, publish_tombstones
from streams.settings import KafkaSettings
from streams.topics import OUTCOMES
from tests.patience import PATIENCE_S, until
from tests.store.outcomes import done

ROOT = Path(__file__).parents[1]
FILES = ROOT / "docs" / "consumers"
PAGE = ROOT / "docs" / "consumers.md"


def outcome(call_id: str, revision: int, category: str = "empty_call") -> CallOutcome:
    made = {"revision": revision, "category": category, "sub_category": None}
    return done(f"{call_id}-{revision}", call_id).model_copy(update=made)


TOLD = (outcome("a", 1), outcome("b", 1), outcome("a", 2, "others"), outcome("a", 2, "others"), outcome("a", 1))
"""A correction, a repetition, and one that comes late."""


def test_the_page_shows_every_file_as_it_is() -> None:
    shown = dict(re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```\n", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    assert shown == {path.name: path.read_text(encoding="utf-8") for path in FILES.iterdir() if path.is_file()}


@contextmanager
def running(command: Sequence[str], folder: Path, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a consumer in a folder, its lines in a file called ``lines`` there."""
    with (folder / "lines").open("wb") as lines:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | variables, stdout=lines, stderr=lines)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()


def published(kafka: KafkaSettings) -> Mapping[str, str]:
    """Publish what there is to tell; returns what a consumer has to know."""
    publish_outcomes(kafka, TOLD)
    publish_tombstones(kafka, ["b"])
    return {"BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "OUTCOMES_TOPIC": kafka.prefix + OUTCOMES.name}


def kept(folder: Path) -> dict[str, int]:
    """Return which calls a consumer keeps in its database, at which revision."""
    database = folder / "outcomes.sqlite"
    if not database.exists():
        return {}
    connection = sqlite3.connect(database)
    try:
        return dict(connection.execute("select call_id, revision from calls"))
    except sqlite3.OperationalError:  # there is no table yet
        return {}
    finally:
        connection.close()


def lines_of(folder: Path) -> str:
    return (folder / "lines").read_text(encoding="utf-8")


@pytest.mark.integration
def test_the_consumer_in_python_keeps_the_newest_and_forgets_what_is_gone(tmp_path: Path) -> None:
    broker = EmbeddedBroker()
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
    told = published(kafka)
    publish_outcomes(kafka, [outcome("c", 1)])
    with running([sys.executable, str(FILES / "outcomes.py")], tmp_path, **told) as process:
        until(lambda: kept(tmp_path) == {"a": 2, "c": 1}, lambda: lines_of(tmp_path), within_s=PATIENCE_S)
    assert process.returncode == 0, lines_of(tmp_path)


@pytest.mark.integration
def test_the_consumer_in_java_tells_each_change_once(real_kafka: KafkaSettings, tmp_path: Path) -> None:
    told = published(real_kafka)
    path, _ = java()
    command = [path, "-cp", ":".join(map(str, jars())), str(FILES / "Outcomes.java")]
    with running(command, tmp_path, **told):
        until(lambda: "b is gone" in lines_of(tmp_path), lambda: lines_of(tmp_path), within_s=PATIENCE_S)
        until(lambda: "a 2 others" in lines_of(tmp_path), lambda: lines_of(tmp_path), within_s=PATIENCE_S)
    changes = [line for line in lines_of(tmp_path).splitlines() if re.match(r"[ab] ", line)]
    assert sorted(changes) == ["a 1 empty_call", "a 2 others", "b 1 empty_call", "b is gone"]


@pytest.mark.integration
def test_the_consumer_of_webhooks_takes_what_is_signed_once_and_in_any_order(tmp_path: Path) -> None:
    port, now = free_port(), datetime.now(UTC).replace(microsecond=0)
    secret = new_secret(now).value
    with running([sys.executable, str(FILES / "webhook.py")], tmp_path, WEBHOOK_SECRET=secret, PORT=str(port)):

        def post(webhook_id: str, body: bytes, key: str = secret) -> int:
            headers = signed_headers([key], webhook_id, now, body)
            return httpx.post(f"http://127.0.0.1:{port}/", content=body, headers=headers, timeout=30).status_code

        until(lambda: _listens(port), lambda: lines_of(tmp_path), within_s=PATIENCE_S)
        for one in TOLD[::-1]:
            assert post(one.outcome_id, of_outcome(one, "", None)) == 204
        assert post("gone", of_forgotten("b", now)) == 204
        assert post("forged", of_forgotten("a", now), _other()) == 401
    assert kept(tmp_path) == {"a": 2}


def _other() -> str:
    return new_secret(datetime.now(UTC)).value


def _listens(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
    except httpx.TransportError:
        return False
    return True
