"""What a restored document lacks of what was published, whatever its backup had and whatever a sink did since."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import CallOutcome
from store.calls import OutcomeStore
from store.reconciliation import Addition, ReconcilingStore, lacking
from tests.schemas.examples import call_classified, hop
from tests.store.outcomes import done, failed


def outcome(name: str, revision: int, minute: int) -> CallOutcome:
    """An outcome of the call, decided at a minute, as it leaves a sink."""
    decided_at = done(name).decided_at + timedelta(minutes=minute)
    return done(name).model_copy(update={"revision": revision, "decided_at": decided_at})


A1, B2, C3 = outcome("a", 1, 1), outcome("b", 2, 2), outcome("c", 3, 3)
LATE2, LATE3 = outcome("late", 2, 9), outcome("late", 3, 9)
"""What a sink stored after the restore, before anybody reconciled."""


def said(addition: Addition) -> tuple[list[tuple[str, int]], bool]:
    return [(one.outcome_id, one.revision) for one in addition.outcomes], addition.is_news


@pytest.mark.parametrize(
    ("history", "published", "expected"),
    [
        ((A1, B2), (A1, B2), ([], False)),  # the backup has it all
        ((A1,), (C3,), ([("c", 3)], False)),  # compaction left the newest alone
        ((A1,), (A1, B2, C3), ([("b", 2), ("c", 3)], False)),
        ((A1,), (B2, A1), ([("b", 2)], False)),  # published once more, late
        ((), (C3,), ([("c", 3)], False)),  # no document in the backup
        ((A1, LATE2), (A1, B2, C3), ([("c", 3), ("late", 4)], True)),  # dropped by who has seen revision 3
        ((A1, LATE2), (C3, LATE2), ([("c", 3), ("late", 4)], True)),  # … although it was published
        ((A1, LATE2), (B2, LATE2), ([("late", 3)], True)),  # two outcomes of one number: the later one is above both
        ((A1, outcome("old", 2, 0)), (outcome("other", 2, 5),), ([("other", 3)], True)),
        ((A1, B2, LATE3), (A1, B2), ([], True)),  # stored above, and not published yet
    ],
)
def test_a_document_gets_what_it_lacks_of_what_was_published(
    history: Sequence[CallOutcome], published: Sequence[CallOutcome], expected: tuple[list[tuple[str, int]], bool]
) -> None:
    assert said(lacking(history, published)) == expected


@given(st.integers(0, 4), st.integers(0, 3), st.lists(st.integers(1, 5), min_size=1, max_size=6), st.booleans())
def test_afterwards_the_newest_revision_is_that_of_the_topic_or_above_it_and_doing_it_again_adds_nothing(
    kept: int, since: int, topic: list[int], is_split: bool
) -> None:
    """A backup of some revisions, what a sink added to it, and what compaction left of the topic, in pages."""
    history = [outcome(f"o-{number}", number, number) for number in range(1, kept + 1)]
    history += [outcome(f"late-{number}", kept + number, 20 + number) for number in range(1, since + 1)]
    newest = history[-1] if history else None
    published = [outcome(f"o-{number}", number, number) for number in sorted(set(topic))]
    for page in [published[:1], published[1:]] if is_split else [published]:
        history += lacking(history, page).outcomes if page else ()
    assert history[-1].revision >= published[-1].revision
    assert [one.revision for one in history] == sorted({one.revision for one in history})
    if since and newest is not None:
        assert history[-1].outcome_id == newest.outcome_id, "what was decided last is the newest"
    elif kept < published[-1].revision:
        assert history[-1].outcome_id == published[-1].outcome_id
    assert lacking(history, published).outcomes == ()


@pytest.fixture
async def reconciling(store: OutcomeStore) -> ReconcilingStore:
    return ReconcilingStore(store._database)


async def test_a_put_back_document_is_confirmed_and_gets_its_turns_when_its_event_comes_again(
    reconciling: ReconcilingStore,
) -> None:
    published = done("a").model_copy(update={"revision": 3})
    assert [one.was_missing for one in await reconciling.put_back([published], write=True)] == [True]
    assert await reconciling.put_back([published], write=True) == []
    stored = (await reconciling.newest(["call-1"]))[0]
    assert [one.stage for one in stored.hops] == [one.stage for one in published.hops if one.stage != "sink"]
    assert await reconciling.due(stored) is None
    turns = call_classified().turns
    again = stored.model_copy(update={"revision": 1})
    assert await reconciling.save(again, turns) is None, "nothing is published of it again"
    document = await reconciling.find("call-1")
    assert document is not None
    assert (document["revision"], len(document["turns"])) == (3, len(turns))


async def test_what_was_answered_before_what_was_put_back_replaces_nothing_and_what_came_after_does(
    reconciling: ReconcilingStore,
) -> None:
    await reconciling.put_back([done("b").model_copy(update={"revision": 3})], write=True)
    [newest] = await reconciling.newest(["call-1"])
    before = done("a").model_copy(update={"hops": (*newest.hops[:-1], hop("classify", 32))})
    after = done("c").model_copy(update={"hops": (*newest.hops[:-1], hop("classify", 50))})
    assert await reconciling.save(before, call_classified().turns) is None
    assert "turns" not in (await reconciling.find("call-1") or {})
    assert await reconciling.save(failed("x")) is None
    stored = await reconciling.save(after)
    assert stored is not None
    assert (stored.outcome_id, stored.revision) == ("c", 4)


async def test_a_document_that_is_behind_keeps_what_it_had_and_its_hold(reconciling: ReconcilingStore) -> None:
    await reconciling.save(done("a"), call_classified().turns)
    await reconciling.hold("call-1", "a claim", "ann", done("a").decided_at)
    seen = [outcome("b", 2, 2), outcome("c", 3, 3)]
    assert len(await reconciling.put_back(seen, write=False)) == 1
    assert (await reconciling.newest(["call-1"]))[0].revision == 1, "a dry run writes nothing"
    await reconciling.put_back(seen, write=True)
    document = await reconciling.find("call-1")
    assert document is not None
    assert [entry["outcome_id"] for entry in document["history"]] == ["a", "b", "c"]
    assert (document["hold"]["reason"], len(document["turns"])) == ("a claim", len(call_classified().turns))
    standing = await reconciling.standing(["call-1", "call-2"])
    assert (standing.removable, standing.held) == ((), ("call-1",))
    await reconciling.remove(["call-1"])
    assert await reconciling.find("call-1") is not None


async def test_an_outcome_that_nobody_has_seen_is_published_above_what_was(reconciling: ReconcilingStore) -> None:
    late = await reconciling.save(LATE2)
    assert late is not None
    [one] = await reconciling.put_back([outcome("b", 2, 2)], write=True)
    assert one.is_news
    [unseen] = await reconciling.unpublished(["call-1"])
    assert (unseen.outcome_id, unseen.revision) == ("late", 3)
    await reconciling.confirm(unseen, unseen)
    assert await reconciling.unpublished(["call-1"]) == []


async def test_a_forgotten_call_is_not_put_back(reconciling: ReconcilingStore) -> None:
    await reconciling.forget("call-1", done("a").decided_at)
    assert await reconciling.put_back([C3], write=True) == []
    assert await reconciling.standing(["call-1"]) == ((), ())
