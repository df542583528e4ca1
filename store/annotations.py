"""What people's labels and facts do to the outcomes of a call. Pure."""

from collections.abc import Sequence
from typing import Any

from schemas import CallAnnotated, CallOutcome, DecidingLabel, Event, Label
from store.revisions import NOT_THE_MACHINES, Verdict, machine_answer


def annotated(history: Sequence[CallOutcome], annotation: CallAnnotated) -> Verdict:
    """Decide what an annotation does to a call whose outcomes are ``history``, oldest first.

    A known annotation is a redelivery, and stays what it is. A label that decides is the next revision if nothing has
    changed since the reviewer looked, and refused otherwise; one that only measures changes no outcome. Facts are
    merged name by name, and of each the latest word holds, in whatever order they come.
    """
    if not history:
        return Verdict(None, is_new=False, is_refused=True)
    known = next((entry for entry in history if entry.outcome_id == annotation.event_id), None)
    if known is not None:
        return Verdict(known, is_new=False)
    if annotation.label is not None:
        return _labelled(history[-1], annotation, annotation.label)
    return _told(history[-1], annotation)


def _labelled(newest: CallOutcome, annotation: CallAnnotated, label: Label) -> Verdict:
    if not label.decides:
        return Verdict(None, is_new=False, is_refused=label.revision_seen > newest.revision)
    if label.revision_seen != newest.revision:
        return Verdict(None, is_new=False, is_refused=True)
    return _next(
        newest,
        annotation,
        state="done",
        source="human",
        category=label.final.category,
        sub_category=label.final.sub_category,
        label=DecidingLabel(label_id=annotation.event_id, at=annotation.at),
        machine=machine_answer(newest),
        failure=None,
        **NOT_THE_MACHINES,
    )


def _told(newest: CallOutcome, annotation: CallAnnotated) -> Verdict:
    said, said_at = annotation.facts or {}, newest.facts_at
    news = {name: fact for name, fact in said.items() if name not in said_at or said_at[name] < annotation.at}
    if not news:
        return Verdict(None, is_new=False)
    return _next(
        newest,
        annotation,
        facts={name: fact for name, fact in (newest.facts | news).items() if fact is not None},
        facts_at=said_at | dict.fromkeys(news, annotation.at),
    )


def _next(newest: CallOutcome, annotation: CallAnnotated, **changes: Any) -> Verdict:
    """Make the revision that comes of an annotation; ``decided_at`` stays: how long a document is kept goes by it."""
    kept = {name: value for name, value in newest if name not in {"schema_version", "event_id"}}
    own = {"outcome_id": annotation.event_id, "revision": newest.revision + 1}
    # by its identifier alone: a field of the annotation that nobody here knows is no fact of the call
    before = Event(event_id=annotation.event_id)
    return Verdict(CallOutcome.following(before, **{**kept, **own, **changes}), is_new=True)
