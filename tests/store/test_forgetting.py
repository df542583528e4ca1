"""Documents that are forgotten, and those that may not be."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from agents.sink.agent import SinkAgent
from schemas import CallOutcome
from store.calls import CallFilter, OutcomeStore
from store.errors import ForgottenCall
from store.forgetting import ForgettingStore, StoredCall
from streams.callers import caller_search
from streams.privacy import CallerPrivacy
from streams.processing import Tombstone
from streams.settings import PrivacySettings
from tests.schemas.examples import call_classified, dead_letter
from tests.store.outcomes import done

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CALL = "call-1"


@pytest.fixture
async def documents(store: OutcomeStore) -> AsyncIterator[ForgettingStore]:
    found = ForgettingStore.__new__(ForgettingStore)
    found.__dict__ = store.__dict__  # the same connections, which the fixture closes
    yield found


def from_(caller: str | None, call_id: str = CALL) -> CallOutcome:
    return done("a").model_copy(update={"call_id": call_id, "caller": caller})


async def test_a_forgotten_call_leaves_its_identifier_and_a_moment_and_is_stored_no_more(
    documents: ForgettingStore,
) -> None:
    await documents.save(from_("+905551112233"))
    assert await documents.forget(CALL, NOW)
    assert await documents.find(CALL) == {"_id": CALL, "forgotten_at": NOW}
    for outcome in (from_(None), done("b")):
        with pytest.raises(ForgottenCall):
            await documents.save(outcome)
    assert await documents.known([CALL, "other"]) == {CALL: StoredCall(CALL, True, None, frozenset())}
    assert [one async for one in documents.transcripts(CallFilter())] == []
    later = NOW + timedelta(days=999)
    assert (await documents.decided_before(later, 9), await documents.delete_before(later, [CALL])) == ([], [])
    assert await documents.find(CALL)
    assert await documents.forget(CALL, NOW + timedelta(days=1))  # again does no harm


async def test_a_call_of_which_nothing_is_stored_stays_forgotten_when_it_arrives(documents: ForgettingStore) -> None:
    assert await documents.forget("later", NOW)
    with pytest.raises(ForgottenCall):
        await documents.save(from_(None, "later"))


async def test_what_a_worker_has_read_before_is_refused_after(documents: ForgettingStore) -> None:
    """Between reading a call's history and writing to it, the call is forgotten."""
    await documents.save(done("a"))
    history = await documents._history(CALL)
    await documents.forget(CALL, NOW)
    assert not await documents._put(done("b").model_copy(update={"revision": 2}), (), history)
    await documents.forget("new", NOW)
    assert not await documents._put(from_(None, "new").model_copy(update={"revision": 1}), (), [])


async def test_an_outcome_that_was_published_after_the_tombstone_is_followed_by_another_tombstone(
    documents: ForgettingStore,
) -> None:
    agent = SinkAgent(documents, CallerPrivacy(PrivacySettings()))
    stored = await agent.work(call_classified())
    assert isinstance(stored, CallOutcome)
    await documents.forget(stored.call_id, NOW)
    following = await agent.follow_up(stored, stored)
    assert isinstance(following, Tombstone)
    assert following.call_id == stored.call_id
    assert await agent.follow_up(stored, following) is None
    assert isinstance(await agent.due(stored), Tombstone)
    for event in (call_classified(), dead_letter()):
        again = await agent.work(event)
        assert isinstance(again, Tombstone)
        assert await agent.due(again) is again


async def test_a_held_call_is_neither_forgotten_nor_too_old(documents: ForgettingStore) -> None:
    await documents.save(done("a"))
    assert await documents.hold(CALL, "court order 7", "officer", NOW)
    assert not await documents.forget(CALL, NOW)
    assert (await documents.known([CALL]))[CALL].hold == "court order 7"
    later = NOW + timedelta(days=999)
    assert (await documents.count(later), await documents.decided_before(later, 9)) == (0, [])
    assert len(await documents.delete_before(later, [CALL])) == 1
    assert await documents.release(CALL)
    assert await documents.count(later) == 1
    assert await documents.hold(CALL, "court order 8", "officer", NOW)
    await documents.save(done("b"))  # the call goes on, and stays on hold
    assert (await documents.known([CALL]))[CALL].hold == "court order 8"
    assert await documents.release(CALL)
    assert await documents.forget(CALL, NOW)
    assert not await documents.hold(CALL, "too late", "officer", NOW)
    assert not await documents.hold("unknown", "no document", "officer", NOW)


async def test_a_caller_is_found_as_written_as_hashed_and_by_a_number_that_was_corrected(
    documents: ForgettingStore,
) -> None:
    privacy = PrivacySettings.model_validate({"caller": "hash", "caller_key": "a key of sixteen"})
    hashed = CallerPrivacy(privacy).applied(from_("+905551112233", "hashed"))
    mine = [
        from_("+90 555 111 22 33", "kept"),
        hashed,
        from_("0555 111 22 33", "national"),
        from_("5551112233", "bare"),
    ]
    others = [from_("+905551112234", "next"), from_("+15551112233", "abroad"), from_(None, "dropped")]
    for outcome in (*mine, *others):
        await documents.save(outcome)
    search = caller_search("(0555) 111-22-33", privacy)
    found = await documents.calls_of(search.written, search.hashed)
    assert sorted(found) == ["bare", "hashed", "kept", "national"]
    assert re.match(search.written, "0090 (555) 111 22 33")
