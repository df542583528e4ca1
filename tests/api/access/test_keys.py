"""Keys of the API, over HTTP."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.access import Right, Role, Scope
from api.access.authentication import Authentication
from api.access.keys import REMEMBERED_S, Keys, new_key
from api.app import make_app
from api.services import Services
from api.settings import ApiSettings, is_this_machine
from store.api_keys import ApiKeyStore

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)


async def made(services: Services, role: Role = Role.VIEWER, expires_at: datetime | None = None) -> tuple[str, str]:
    key, text = new_key("test", role, frozenset({Right.LISTEN}), Scope(), NOW, expires_at)
    await ApiKeyStore(services.database).add(key)
    return key.id, text


def asking(services: Services, key: str | None = None, host: str = "192.0.2.7", **headers: str) -> httpx.AsyncClient:
    own = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(make_app(services), client=(host, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=own | headers)


async def status(services: Services, key: str | None = None, host: str = "192.0.2.7", **headers: str) -> int:
    async with asking(services, key, host, **headers) as client:
        return (await client.get("/v1/taxonomy")).status_code


async def test_a_key_lets_in_whoever_sends_it_and_its_secret_is_nowhere_kept(services: Services) -> None:
    key_id, text = await made(services)
    assert await status(services, text) == 200
    secret = text.removeprefix(f"cs_live_{key_id}_")
    assert len(secret) == 43
    document = await services.database.beside("keys").find_one({})
    assert document is not None
    assert secret not in repr(document)
    [kept] = await ApiKeyStore(services.database).all()
    assert kept.secret_sha256 not in kept.model_dump_json() + repr(kept)


async def test_a_key_that_is_wrong_over_or_of_another_form_is_refused(services: Services) -> None:
    _, text = await made(services)
    _, over = await made(services, expires_at=NOW - timedelta(seconds=1))
    _, unknown = new_key("never kept", Role.ADMIN, frozenset(), Scope(), NOW, None)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    for key in (over, unknown, wrong, "cs_live_", text + "x", "eyJhbGciOiJub25lIn0.e30."):
        async with asking(services, key) as client:
            answer = await client.get("/v1/taxonomy")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="callsift", error="invalid_token"'


async def test_a_revoked_key_opens_nothing_after_the_seconds_that_are_promised(services: Services) -> None:
    clock = [0.0]
    services = replace(services, authentication=Authentication(Keys(ApiKeyStore(services.database), lambda: clock[0])))
    key_id, text = await made(services)
    assert await status(services, text) == 200
    assert await ApiKeyStore(services.database).revoke(key_id, NOW)
    assert not await ApiKeyStore(services.database).revoke(key_id, NOW)
    clock[0] = REMEMBERED_S
    assert await status(services, text) == 401


async def test_with_the_first_key_this_machine_needs_one_too_and_revoking_it_opens_nothing(services: Services) -> None:
    assert await status(services, host="127.0.0.1") == 200
    key_id, _ = await made(services)
    assert await status(services, host="127.0.0.1") == 401
    await ApiKeyStore(services.database).revoke(key_id, NOW)
    another = replace(services, authentication=Authentication(Keys(ApiKeyStore(services.database))))
    assert await status(another, host="127.0.0.1") == 401


async def test_where_the_api_listens_for_other_machines_this_one_needs_a_key_from_the_beginning(
    services: Services,
) -> None:
    """In a mesh everybody's requests come from 127.0.0.1, by a proxy in the pod that adds no header."""
    keys = Keys(ApiKeyStore(services.database))
    services = replace(services, authentication=Authentication(keys, opens_to_this_machine=False))
    assert await status(services, host="127.0.0.1") == 401
    _, text = await made(services)
    assert await status(services, text, host="127.0.0.1") == 200


@pytest.mark.parametrize(
    ("listen", "alone"), [("127.0.0.1:8080", True), ("[::1]:8080", True), ("8080", False), ("10.0.0.1:8080", False)]
)
def test_whether_the_api_listens_for_this_machine_alone_is_seen_from_its_address(listen: str, alone: bool) -> None:
    assert is_this_machine(ApiSettings(listen=listen).listens_on[0]) is alone


@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 proxy"),
        ("Origin", "https://example.org"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Host", "rebound.example.org"),
    ],
    ids=lambda header: header[0],
)
async def test_a_proxys_client_and_another_sites_page_are_not_this_machine(
    services: Services, header: tuple[str, str]
) -> None:
    assert await status(services, host="127.0.0.1", **dict([header])) == 401
    assert await status(services, host="::1") == 200
    assert await status(services, host="::ffff:127.0.0.1") == 200  # by IPv4, where both families are listened on
    assert await status(services, host="::ffff:10.1.2.3") == 401


async def test_a_role_without_the_right_is_told_which_one_it_lacks(services: Services) -> None:
    _, text = await made(services, Role.INGEST)
    async with asking(services, text) as client:
        answer = await client.get("/v1/taxonomy")
    assert answer.status_code == 403
    assert 'error="insufficient_scope", scope="view"' in answer.headers["www-authenticate"]


async def test_the_use_of_a_key_is_noted_once_a_minute(services: Services) -> None:
    _, text = await made(services)
    await status(services, text)
    [used] = await ApiKeyStore(services.database).all()
    await status(services, text)
    [again] = await ApiKeyStore(services.database).all()
    assert used.last_used_at == again.last_used_at is not None


async def test_each_key_has_a_limit_of_its_own_and_answers_say_what_is_left(services: Services) -> None:
    services = replace(services, settings=ApiSettings(requests_per_minute=2))
    (_, first), (_, second) = await made(services), await made(services)
    async with asking(services, first) as client:
        answers = [await client.get("/v1/taxonomy") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert [answer.headers["ratelimit"].split(";t=")[0] for answer in answers] == [
        '"default";r=1',
        *['"default";r=0'] * 2,
    ]
    assert answers[2].json()["code"] == "too-many-requests"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert await status(services, second) == 200


async def test_whoever_guesses_keys_is_slowed_down_by_address(services: Services) -> None:
    services = replace(services, settings=ApiSettings(refusals_per_minute=2))
    _, text = await made(services)
    assert [await status(services, "cs_live_guess") for _ in range(3)] == [401, 401, 429]
    assert await status(services, "cs_live_guess", host="192.0.2.8") == 401
    assert await status(services, text) == 200
