"""The page of a call that has no outcome yet, or that failed: where it is, why, and how it goes on."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from api.access import Role, Scope
from api.access.sessions import COOKIE, token_of
from api.services import Services
from callsift.embedded import EmbeddedBroker
from schemas import DeadLetter
from store.calls import OutcomeStore
from store.forgetting import ForgettingStore
from streams.dead_letters import read_replays
from streams.kafka import OutgoingMessage, publish_notice
from streams.kafka.producer import produce_messages
from streams.message import Message, Tries
from streams.topics import AUDIO, DEAD_LETTER, ENDED, RETRIES, AnyTopic
from tests.api.test_under_way import acknowledge, ended
from tests.pages.conftest import OWN, SignIn
from tests.pages.test_pages import HOSTILE
from tests.schemas.examples import audio_ready, dead_letter
from tests.store.outcomes import done, failed

pytestmark = pytest.mark.integration
SALES = Scope(queues=frozenset({"sales"}))


@pytest.fixture(scope="module")
def broker() -> EmbeddedBroker:
    """Return a broker of its own: what stages acknowledge there concerns no other test."""
    return EmbeddedBroker()


async def put(
    services: Services, topic: AnyTopic, call_id: str, value: bytes, *headers: tuple[str, bytes | None]
) -> None:
    message = OutgoingMessage(topic.name, call_id.encode(), value, headers)
    await asyncio.to_thread(produce_messages, services.kafka, [message])


async def hand_in(services: Services, queue: str = "sales") -> str:
    """Hand in a call that no stage takes, and return its identifier."""
    call_id = f"çağrı {uuid4().hex}"
    await put(services, ENDED, call_id, ended(call_id, queue=queue))
    return call_id


async def give_up(services: Services, call_id: str, **facts: object) -> DeadLetter:
    letter = dead_letter().model_copy(update={"event_id": uuid4().hex, "call_id": call_id, **facts})
    await put(services, DEAD_LETTER, call_id, letter.model_dump_json().encode())
    return letter


async def post(browser: httpx.AsyncClient, address: str) -> httpx.Response:
    return await browser.post(address, data={"csrf_token": token_of(browser.cookies[COOKIE])}, headers=OWN)


def page_of(call_id: str) -> str:
    return f"/calls/{quote(call_id, safe='')}"


def asked_again(text: str) -> str:
    """Return the address that a page asks for what is new."""
    return text.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")


def here(text: str) -> str:
    """Return what is marked as the place of the call."""
    return text.partition('aria-current="step"')[2].partition("</li>")[0]


async def test_a_call_without_an_outcome_is_followed_until_its_page_is_there(
    browser: httpx.AsyncClient, services: Services
) -> None:
    assert (await browser.get("/calls/nobody-knows-it")).status_code == 404
    call_id = await hand_in(services)
    answer = await browser.get(page_of(call_id))
    assert answer.status_code == 200 and "Audio" in here(answer.text)
    part = asked_again(answer.text)
    assert (await browser.get(part)).status_code == 204, "nothing is new"

    await put(
        services, AUDIO, call_id, audio_ready().model_copy(update={"call_id": call_id}).model_dump_json().encode()
    )
    await asyncio.to_thread(acknowledge, services.kafka, "audio", ENDED)
    moved = await browser.get(part)
    assert moved.status_code == 200 and "Transcript" in here(moved.text) and "<html" not in moved.text

    await OutcomeStore(services.database).save(done("a", call_id))
    ended_ = await browser.get(asked_again(moved.text))
    assert ended_.headers["hx-redirect"] == page_of(call_id)
    assert "Price Research" in (await browser.get(ended_.headers["hx-redirect"])).text


async def test_a_call_that_is_tried_again_or_stands_before_a_brake_says_so(
    browser: httpx.AsyncClient, services: Services
) -> None:
    call_id, value = f"again-{uuid4().hex}", ended("again")
    headers = Tries(datetime.now(UTC), made=3).headers(Message(ENDED, 0, 0, call_id.encode(), value))
    await put(services, RETRIES[1], call_id, ended(call_id), *headers)
    text = (await browser.get(page_of(call_id))).text
    assert "is tried again" in here(text)
    assert "3 tries failed" in text and "The next one is at" in text

    call_id = await hand_in(services)
    await asyncio.to_thread(publish_notice, services.kafka, "audio", applied=True, reason="a test")
    text = (await browser.get(page_of(call_id))).text
    await asyncio.to_thread(publish_notice, services.kafka, "audio", applied=False, reason="")
    assert "stopped" in here(text) and "until a person releases it" in text


async def test_a_call_under_way_obeys_the_scope_and_a_forgotten_one_is_not_there(
    signed_in: SignIn, services: Services
) -> None:
    mine, theirs, forgotten = [await hand_in(services, queue) for queue in ("sales", "another", "sales")]
    await ForgettingStore(services.database).forget(forgotten, datetime.now(UTC))
    await give_up(services, forgotten)
    browser = await signed_in(Role.OPERATOR, SALES)
    for call_id, status in ((mine, 200), (theirs, 404), (forgotten, 404)):
        assert (await browser.get(page_of(call_id))).status_code == status
        assert (await browser.get(page_of(call_id) + "/progress")).status_code == status
    assert (await (await signed_in(Role.OPERATOR)).get(page_of(forgotten))).status_code == 404
    assert (await (await signed_in(Role.INGEST)).get(page_of(mine))).status_code == 403


async def test_a_call_that_was_given_up_without_an_outcome_says_why_and_is_replayed_by_right(
    signed_in: SignIn, services: Services
) -> None:
    call_id = f"lost-{uuid4().hex}"
    letter = await give_up(services, call_id, message=HOSTILE, value=ended(call_id))
    await asyncio.to_thread(acknowledge, services.kafka, "sink", DEAD_LETTER)
    viewer, operator = await signed_in(Role.VIEWER), await signed_in(Role.OPERATOR)
    for browser in (viewer, operator):
        text = (await browser.get(page_of(call_id))).text
        assert letter.cure in text and "given up" in here(text) and "<img" not in text
        assert (f"{page_of(call_id)}/replay" in text) == (browser is operator)
    assert (await post(viewer, f"{page_of(call_id)}/replay")).status_code == 403
    before = asked_again(text)
    answer = await post(operator, f"{page_of(call_id)}/replay")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page_of(call_id)}?notice=replayed")
    assert letter.event_id in await asyncio.to_thread(read_replays, services.kafka)
    assert "waits or is in work" in here((await operator.get(before)).text)


async def test_a_failed_call_is_replayed_on_its_page_which_tells_when_there_is_another_outcome(
    signed_in: SignIn, services: Services
) -> None:
    call_id = f"failed-{uuid4().hex}"
    outcome = failed("a", call_id)
    assert outcome.failure is not None
    await OutcomeStore(services.database).save(outcome)
    viewer, operator = await signed_in(Role.VIEWER), await signed_in(Role.OPERATOR)
    replay = f"{page_of(call_id)}/replay"
    assert replay not in (await viewer.get(page_of(call_id))).text
    assert replay in (await operator.get(page_of(call_id))).text
    assert (await post(operator, replay)).status_code == 404, "the letter is not kept any more"

    same = {"stage": outcome.failure.stage, "error_type": outcome.failure.error_type}
    await give_up(services, call_id, **same | {"error_type": "Another"})
    letter = await give_up(services, call_id, **same)
    answer = await post(operator, replay)
    assert answer.status_code == 303
    assert letter.event_id in await asyncio.to_thread(read_replays, services.kafka)
    text = (await operator.get(answer.headers["location"])).text
    assert "on its way again" in text and replay not in text, "nobody is asked to replay it twice"
    part = asked_again(text)
    assert (await operator.get(part)).status_code == 204
    await OutcomeStore(services.database).save(done("b", call_id))
    assert (await operator.get(part)).headers["hx-redirect"] == page_of(call_id)
    newer = await operator.get(part.partition("&")[0])
    assert "The call has changed." in newer.text and f'href="{page_of(call_id)}"' in newer.text
    assert (await post(operator, replay)).status_code == 409, "it has not failed any more"
