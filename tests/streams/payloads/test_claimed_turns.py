"""Large transcripts: their turns leave before the event is published, and are back before anybody works on it."""

import asyncio
import os
from pathlib import Path
from typing import TypeVar

import pytest

from schemas import CallClassified, CallTranscribed, ClaimCheck, Speaker, Spoken
from streams.decoding import decode
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.claimed_turns import ClaimedTurns, UnreadableTurns
from streams.payloads.errors import AudioStoreUnavailable, PayloadGone
from tests.patience import PATIENCE_S
from tests.schemas import examples
from tests.stored import entries

LIMIT_BYTES = 20_000
SpokenT = TypeVar("SpokenT", CallTranscribed, CallClassified)


@pytest.fixture
def store(tmp_path: Path) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path.as_uri())


@pytest.fixture
def turns(store: ClaimCheckStore) -> ClaimedTurns:
    return ClaimedTurns(store, LIMIT_BYTES)


@pytest.fixture
def away(tmp_path: Path) -> ClaimedTurns:
    """A store that takes nothing."""
    (tmp_path / "file").write_bytes(b"")
    return ClaimedTurns(ClaimCheckStore((tmp_path / "file").as_uri()), LIMIT_BYTES)


def large(number: int = 40) -> CallTranscribed:
    said = (examples.turn(Speaker.CUSTOMER, f"çamaşır makinem {position} su akıtıyor") for position in range(number))
    return examples.call_transcribed(*said)


def classified(call: CallTranscribed) -> CallClassified:
    same = examples.call_classified()
    return CallClassified.following(
        call,
        classification_id=same.classification_id,
        classifier=same.classifier,
        decision=same.decision,
        versions=same.versions,
    )


async def as_read(turns: ClaimedTurns, event: SpokenT) -> SpokenT:
    """Return an event as the next stage reads it."""
    return decode(type(event), (await turns.encode(event)).value)


def test_every_event_with_turns_is_known() -> None:
    with_turns = {type(event) for event in examples.examples() if "turns" in type(event).model_fields}
    assert with_turns == {CallTranscribed, CallClassified}
    assert all(issubclass(event, Spoken) for event in with_turns)


async def test_a_store_that_hangs_is_away_within_its_limit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # it holds its reader up for ever
    turns = ClaimedTurns(ClaimCheckStore(tmp_path.as_uri(), limit_s=0.1), LIMIT_BYTES)
    claim = ClaimCheck(uri=f"{tmp_path.as_uri()}/pipe", size_bytes=1, sha256="0" * 64)
    try:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(AudioStoreUnavailable, match=r"within 0\.1 s"):
                await turns.inflate(large().model_copy(update={"turns": (), "turns_claim": claim}))
    finally:
        os.close(os.open(tmp_path / "pipe", os.O_WRONLY))


async def test_a_small_event_stays_as_it_is(turns: ClaimedTurns, store: ClaimCheckStore) -> None:
    for event in examples.examples():
        assert await turns.encode(event) == (event.model_dump_json().encode(), False)
        assert await turns.inflate(event) is event
    assert entries(store, "turns") == []


async def test_the_turns_of_a_large_event_lie_in_the_store_and_come_back_whole(
    turns: ClaimedTurns, store: ClaimCheckStore
) -> None:
    call = large()
    assert len(call.model_dump_json()) > LIMIT_BYTES
    light = await as_read(turns, call)
    (entry,) = entries(store, "turns")
    assert light.turns == ()
    assert light.turns_claim is not None
    assert light.turns_claim.uri == entry.uri
    assert len(light.model_dump_json()) < LIMIT_BYTES
    assert turns.in_store(light)
    assert await turns.inflate(light) == call.model_copy(update={"turns_claim": light.turns_claim})


async def test_the_limit_itself_still_travels_in_a_message(store: ClaimCheckStore) -> None:
    call = large()
    size_bytes = len(call.model_dump_json().encode())
    assert not (await ClaimedTurns(store, size_bytes).encode(call)).stored
    assert (await ClaimedTurns(store, size_bytes - 1).encode(call)).stored


async def test_turns_from_upstream_leave_again_without_another_put(turns: ClaimedTurns, away: ClaimedTurns) -> None:
    light = await as_read(turns, large())
    whole = await turns.inflate(light)
    assert isinstance(whole, CallTranscribed)
    further = await as_read(away, classified(whole))  # a put would raise
    assert (further.turns, further.turns_claim) == ((), light.turns_claim)


async def test_turns_that_were_changed_are_put_again(turns: ClaimedTurns) -> None:
    light = await as_read(turns, large())
    changed = large(41).model_copy(update={"turns_claim": light.turns_claim})
    again = await as_read(turns, changed)
    assert again.turns_claim != light.turns_claim
    back = await turns.inflate(again)
    assert isinstance(back, CallTranscribed)
    assert back.turns == changed.turns


async def test_the_same_turns_of_two_calls_have_two_names(turns: ClaimedTurns) -> None:
    one = await as_read(turns, large())
    other = await as_read(turns, large().model_copy(update={"call_id": "another"}))
    assert one.turns_claim
    assert other.turns_claim
    assert one.turns_claim.uri != other.turns_claim.uri


async def test_a_store_that_takes_nothing_is_a_transient_error(away: ClaimedTurns) -> None:
    with pytest.raises(AudioStoreUnavailable):
        await away.encode(large())


async def test_turns_that_are_gone_are_a_permanent_error(turns: ClaimedTurns, store: ClaimCheckStore) -> None:
    light = await as_read(turns, large())
    (entry,) = entries(store, "turns")
    store.remove(entry.name)
    with pytest.raises(PayloadGone):
        await turns.inflate(light)


async def test_a_payload_that_is_no_turns_is_refused_without_quoting_it(
    turns: ClaimedTurns, store: ClaimCheckStore
) -> None:
    claim = store.put("turns/other.json", b'[{"text": "my card is 4111"}]')
    with pytest.raises(UnreadableTurns) as refusal:
        await turns.inflate(large().model_copy(update={"turns": (), "turns_claim": claim}))
    assert "4111" not in str(refusal.value)
    assert refusal.value.__cause__ is None
