"""``callsift keys`` on a real store."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from callsift.embedded import EmbeddedStore
from tests.callsift import terminal
from tests.servers.mongo import with_database

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path_factory.mktemp("keys"))
    yield store
    store.stop()


def test_a_key_is_made_shown_once_listed_and_revoked(running: EmbeddedStore, tmp_path: Path) -> None:
    uri = with_database(running.uri, f"test-{uuid4().hex}")
    variables = {**os.environ, "CALLSIFT_MONGO_URI": uri, "CALLSIFT_HOME": str(tmp_path)}
    made = terminal.run(
        variables, "keys", "create", "board", "--queue", "support", "--metadata", "brand=a", "--metadata", "brand=b",
        "--listen", "--expires", "2999-01-01", "--json",
    )  # fmt: skip
    key = json.loads(made.stdout)
    assert key["key"].startswith(f"cs_live_{key['id']}_")
    assert (key["role"], key["rights"], key["queues"], key["metadata"]) == (
        "viewer", ["listen"], ["support"], {"brand": ["a", "b"]},
    )  # fmt: skip
    listed = terminal.run(variables, "keys", "list", "--json")
    secret = key["key"].rsplit("_", 1)[-1]
    assert secret not in listed.stdout
    [shown] = json.loads(listed.stdout)
    assert (shown["id"], shown["revoked_at"]) == (key["id"], None)
    assert terminal.run(variables, "keys", "revoke", key["id"]).returncode == 0
    assert terminal.run(variables, "keys", "revoke", key["id"]).returncode == 1
    table = terminal.run(variables, "keys", "list").stdout.splitlines()
    assert table[1].endswith("\trevoked")
    plain = terminal.run(variables, "keys", "create", "x", "--role", "admin")
    assert plain.stdout.startswith("cs_live_")
    assert len(plain.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "wrong", [["--role", "root"], ["--metadata", "a.b=c"], ["--metadata", "a"], ["--expires", "2000-01-01"]], ids=str
)
def test_a_key_that_cannot_be_is_refused(running: EmbeddedStore, tmp_path: Path, wrong: list[str]) -> None:
    variables = {**os.environ, "CALLSIFT_MONGO_URI": running.uri, "CALLSIFT_HOME": str(tmp_path)}
    refused = terminal.run(variables, "keys", "create", "x", *wrong)
    assert refused.returncode == 2
    assert wrong[0] in refused.stderr
