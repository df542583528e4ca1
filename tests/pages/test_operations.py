"""Live and operations as a browser gets them: nobody sees or does more than their rights and scope allow."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from api.access import Role, Scope
from api.access.sessions import COOKIE, token_of
from api.services import Services
from schemas import SourceFigures, SourceNotice
from store.calls import OutcomeStore
from store.operations import OperationStore
from streams.kafka import notices, produce, publish_notice
from streams.topics import DEAD_LETTER, SOURCES
from tests.pages.conftest import OWN, SignIn
from tests.schemas.examples import dead_letter
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
SALES = Scope(queues=frozenset({"sales"}))


async def keep(services: Services, queue: str) -> str:
    """Keep a call of today, with a dead letter of an earlier try; returns the identifier of both."""
    name = uuid4().hex
    call = done(f"outcome-of-{name}", name).model_copy(update={"queue": queue, "ended_at": datetime.now(UTC)})
    await OutcomeStore(services.database).save(call)
    letter = dead_letter().model_copy(update={"event_id": name, "call_id": name})
    await asyncio.to_thread(produce, services.kafka, DEAD_LETTER.name, [(name, letter.model_dump_json().encode())])
    return name


async def post(browser: httpx.AsyncClient, path: str) -> int:
    token = {"csrf_token": token_of(browser.cookies[COOKIE])}
    return (await browser.post(path, data=token, headers=OWN)).status_code


async def test_live_shows_and_counts_no_call_out_of_scope(signed_in: SignIn, services: Services) -> None:
    seen, hidden = await keep(services, "sales"), await keep(services, "another")
    everything, some = await signed_in(Role.VIEWER), await signed_in(Role.VIEWER, SALES)
    for path in ("/live", "/live/rows"):
        text = (await some.get(path)).text
        assert seen in text and hidden not in text
    counts = [(await browser.get("/live/today")).text for browser in (everything, some, everything)]
    assert [text.split('class="number">')[1][0] for text in counts] == ["2", "1", "2"]


async def test_the_whole_pipeline_is_shown_to_who_may_see_every_call(signed_in: SignIn) -> None:
    everything, some = await signed_in(Role.OPERATOR), await signed_in(Role.OPERATOR, SALES)
    for path, part in (("/live", "/live/flow"), ("/operations", "/operations/stages")):
        assert ((await everything.get(part)).status_code, (await some.get(part)).status_code) == (200, 403)
        assert part in (await everything.get(path)).text
        assert part not in (await some.get(path)).text


async def test_dead_letters_of_other_calls_are_neither_shown_nor_replayed(
    signed_in: SignIn, services: Services
) -> None:
    mine, theirs = await keep(services, "sales"), await keep(services, "another")
    browser = await signed_in(Role.OPERATOR, SALES)
    text = (await browser.get("/operations/dead-letters")).text
    assert mine in text and theirs not in text and "/operations/dead-letters/replay" not in text
    assert await post(browser, f"/operations/dead-letters/{theirs}/replay") == 404
    assert await post(browser, "/operations/dead-letters/replay") == 403
    assert await post(browser, f"/operations/dead-letters/{mine}/replay") == 303


async def test_a_brake_is_released_by_who_may_see_every_call_and_that_is_noted(
    signed_in: SignIn, services: Services
) -> None:
    await asyncio.to_thread(publish_notice, services.kafka, "audio", applied=True, reason="for a test")
    some, everything = await signed_in(Role.OPERATOR, SALES), await signed_in(Role.OPERATOR)
    assert await post(some, "/operations/brakes/audio/release") == 403
    assert (await asyncio.to_thread(notices, services.kafka))["audio"].applied
    assert "for a test" in (await everything.get("/operations/stages")).text
    assert await post(everything, "/operations/brakes/nothing/release") == 404
    assert await post(everything, "/operations/brakes/audio/release") == 303
    assert "for a test" not in (await everything.get("/operations/stages")).text
    assert not (await asyncio.to_thread(notices, services.kafka))["audio"].applied
    noted = [note async for note in services.database.beside("audit").find({"action": "released_brake"})]
    assert len(noted) == 1


async def test_long_work_is_shown_with_its_progress_and_cancelled(signed_in: SignIn, services: Services) -> None:
    now = datetime.now(UTC)
    operation = await OperationStore(services.database).add("reprocess", {}, "somebody", now)
    browser = await signed_in(Role.OPERATOR)
    assert "Classifying again" in (await browser.get("/operations")).text
    assert await post(browser, f"/operations/work/{operation.id}/cancel") == 303
    text = (await browser.get("/operations/work")).text
    assert "cancelled" in text and "/cancel" not in text


async def test_replaying_all_is_asked_for_as_long_work(signed_in: SignIn, services: Services) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert await post(browser, "/operations/dead-letters/replay") == 303
    assert "Replaying dead letters" in (await browser.get("/operations")).text
    assert await services.database.beside("operations").count_documents({"kind": "replay"}) == 1


async def test_sources_are_shown_to_who_may_see_every_call_with_who_is_gone_and_what_is_refused(
    signed_in: SignIn, services: Services
) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    figures = SourceFigures(since=long_ago, at=long_ago, counts={"taken": 1234, "invalid": 1})
    refusal = "ended_at is <b>missing</b>"
    name = f"shop-{uuid4().hex[:8]}"
    notice = SourceNotice(
        source=name, kind="webhook", processes={"a": figures}, last={"invalid": long_ago}, refusal=refusal
    )
    message = (name, notice.model_dump_json().encode())
    await asyncio.to_thread(produce, services.kafka, SOURCES.name, [message])
    everything, some = await signed_in(Role.OPERATOR), await signed_in(Role.OPERATOR, SALES)
    assert (await some.get("/operations/sources")).status_code == 403
    text = (await everything.get("/operations/sources")).text
    [row] = [part for part in text.split("<tr") if name in part]
    assert "1,234" in row and "&lt;b&gt;missing&lt;/b&gt;" in row and "never" in row
    assert "alarm" in row.split(">")[0], "no process is there for it"
