"""Keys are kept alike by every store."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from api.access import Role, Scope
from api.access.keys import new_key, principal_of
from schemas import CallOutcome
from store.api_keys import ApiKeyStore
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from tests.store.outcomes import done

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SCOPE = Scope(
    frozenset({"support"}), frozenset({"7"}), {"brand": frozenset({"a", "b"}), "line-of_Business2": frozenset({"x"})}
)


async def test_a_key_comes_back_as_it_was_made(mongo_uri: str) -> None:
    database = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    keys = ApiKeyStore(database)
    assert await keys.is_empty()
    key, _ = new_key("wallboard", Role.VIEWER, frozenset(), SCOPE, NOW, NOW + timedelta(days=1))
    later, _ = new_key("later", Role.ADMIN, frozenset(), Scope(), NOW + timedelta(seconds=1), None)
    await keys.add(later)
    await keys.add(key)
    assert await keys.find(key.id) == key
    assert await keys.all() == [key, later]
    assert principal_of(key).scope == SCOPE
    assert await keys.revoke(key.id, NOW)
    assert not await keys.revoke(key.id, NOW)
    assert not await keys.revoke("unknown", NOW)
    await keys.used(later.id, NOW)
    revoked, used = await keys.find(key.id), await keys.find(later.id)
    assert revoked and used
    assert (revoked.revoked_at, used.last_used_at) == (NOW, NOW)
    assert not revoked.is_valid(NOW)
    assert not await keys.is_empty()
    database.close()


def calls() -> list[CallOutcome]:
    facts: list[dict[str, Any]] = [
        {"queue": "support", "agent_id": "7", "metadata": {"brand": "a", "line-of_Business2": "x"}},
        {"queue": "support", "agent_id": "7", "metadata": {"brand": ["c", "b"], "line-of_Business2": "x"}},
        {"queue": "support", "agent_id": "7", "metadata": {"brand": ["c"], "line-of_Business2": "x"}},
        {"queue": "support", "agent_id": "7", "metadata": {}},
        {"queue": "sales", "agent_id": "7", "metadata": {"brand": "a", "line-of_Business2": "x"}},
        {"queue": None, "agent_id": None, "metadata": {"brand": "a", "line-of_Business2": "x"}},
        {"queue": "support", "agent_id": "8", "metadata": {"brand": "a", "line-of_Business2": 1}},
    ]
    return [
        done(f"outcome-{number}", f"call-{number}").model_copy(update=changed) for number, changed in enumerate(facts)
    ]


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        SCOPE,
        Scope(queues=frozenset({"support"})),
        Scope(agents=frozenset({"8"})),
        Scope(queues=frozenset()),
        Scope(metadata={"brand": frozenset({"a"})}),
        Scope(metadata={"brand": frozenset()}),
    ],
    ids=lambda scope: str(scope)[:60],
)
async def test_the_store_finds_what_the_scope_allows_and_nothing_else(
    mongo_uri: str, store: OutcomeStore, scope: Scope
) -> None:
    for call in calls():
        await store.save(call)
    database = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    found = {document["_id"] async for document in database.calls.find(scope.query())}
    assert found == {call.call_id for call in calls() if scope.allows(call)}
    database.close()


@pytest.mark.parametrize("key", ["a.b", "$where", "", "a\0b", "a b", "marka_ş"])
def test_a_scope_whose_key_a_store_takes_for_a_path_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="metadata"):
        Scope(metadata={key: frozenset({"x"})})
