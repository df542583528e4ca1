"""What an outcome does to the ones that are stored of its call, and what of them is to be published."""

import hashlib
import json
from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas import CallFacts, CallOutcome, CallTranscribed, Event, MachineAnswer, Turn

_BEFORE = {"pbx", "audio", "transcribe"}
"""The stages, and the PBX before them, that a transcript comes from."""


class Verdict(NamedTuple):
    """What to do with an outcome."""

    stored: CallOutcome | None
    """The outcome as the store has it then, with its revision; None: there is nothing to publish."""
    is_new: bool
    """Whether it has to be stored before."""
    is_refused: bool = False
    """Whether it is what a person says of a revision that is not the newest any more, or of a call without one."""


def transcript(outcome: CallOutcome, turns: tuple[Turn, ...]) -> CallTranscribed | None:
    """Make again the transcript that a stored outcome rests on; None where the call has none, because it failed."""
    if outcome.versions is None or outcome.recording_facts is None or outcome.figures is None:
        return None
    return CallTranscribed.following(
        outcome,
        hops=tuple(hop for hop in outcome.hops if hop.stage in _BEFORE),
        turns=turns,
        turns_claim=None,
        language=outcome.language or "und",
        speech_model=outcome.versions.speech_model,
        previous_outcome=outcome.outcome_id,
    )


def _subscribers_facts(outcome: CallOutcome) -> str:
    """Return what a subscriber sees of the call itself, unknown fields included.

    Left out is what says when and how it was worked on, and the classifier's answer: asked again, a model may word it
    differently, and that corrects nothing.
    """
    of_the_call = (
        CallFacts.model_fields.keys() - Event.model_fields.keys() - {"lane"} | (outcome.model_extra or {}).keys()
    )
    of_the_recording = {"recording_facts", "figures", "language", "transcript_confidence"}
    return json.dumps(outcome.model_dump(mode="json", include=of_the_call | of_the_recording), sort_keys=True)


def machine_answer(outcome: CallOutcome) -> MachineAnswer | None:
    """Return what the classifier says in an outcome, whoever decided it; None where it was not asked, or failed."""
    if outcome.source == "human" or outcome.category is None:
        return outcome.machine
    return MachineAnswer(
        category=outcome.category,
        sub_category=outcome.sub_category,
        confidence=outcome.confidence,
        best_guess=outcome.best_guess,
        justification=outcome.justification,
        evidence=outcome.evidence,
    )


NOT_THE_MACHINES = {"confidence": None, "best_guess": None, "justification": None, "evidence": ()}
"""What an outcome that a person decided has nothing to say of."""


def verdict(
    history: Sequence[CallOutcome],
    outcome: CallOutcome,
    supersedes: str | None = None,
    previous: str | None = None,
) -> Verdict:
    """Decide what a machine's outcome does to a call whose earlier outcomes are ``history``, oldest first.

    A known outcome is a redelivery, and stays what it is. A new one gets the next revision, and so does a known one
    with facts that the call has never had, under an identifier of its own. Nothing comes of facts that have been
    corrected since, nor of an outcome without a category after one that has it. A person's category stays, and so does
    what became of the call, unless the outcome ``supersedes`` the label that holds: then the next revision is the
    machine's again. Whoever puts an earlier taxonomy or model into use again gets its outcomes back: a known one that
    was decided after the ``previous`` is the next revision, as long as that is the newest and has other versions.
    """
    if not history:
        return Verdict(outcome.model_copy(update={"revision": 1}), is_new=True)
    newest, known = history[-1], {entry.outcome_id: entry for entry in history}
    if supersedes is not None and outcome.outcome_id in known:
        again = _digest(f"{outcome.outcome_id}:{supersedes}")
        if again in known or _holds(newest, supersedes):
            outcome = outcome.model_copy(update={"outcome_id": again})
    elif previous is not None and outcome.outcome_id in known:
        again = _digest(f"{outcome.outcome_id}:{previous}")
        if again in known or (newest.outcome_id == previous and newest.versions != outcome.versions):
            outcome = outcome.model_copy(update={"outcome_id": again})
    facts = _subscribers_facts(outcome)
    had = [_subscribers_facts(entry) for entry in history if entry.state == "done"]
    correction = _digest(f"{outcome.outcome_id}:{facts}")
    own = known.get(correction) or known.get(outcome.outcome_id)
    if own is not None and (own.state == "failed" or facts == _subscribers_facts(own)):
        return Verdict(own, is_new=False)
    if facts in had and (own is not None or facts != had[-1]):  # asked about before the correction, answered after it
        return Verdict(None, is_new=False)
    if outcome.state != "done" and newest.state == "done":
        return Verdict(None, is_new=False)
    if own is not None:
        outcome = outcome.model_copy(update={"outcome_id": correction})
    said = _said_by_people(newest, outcome, supersedes)
    return Verdict(outcome.model_copy(update={**said, "revision": newest.revision + 1}), is_new=True)


def _said_by_people(newest: CallOutcome, outcome: CallOutcome, supersedes: str | None) -> dict[str, Any]:
    """Return the fields of a machine's outcome that stay what people have said."""
    said: dict[str, Any] = {"facts": newest.facts, "facts_at": newest.facts_at}
    if newest.label is None or _holds(newest, supersedes):
        return said
    theirs = {name: getattr(newest, name) for name in ("source", "label", "category", "sub_category")}
    return said | NOT_THE_MACHINES | theirs | {"machine": machine_answer(outcome)}


def _holds(newest: CallOutcome, label_id: str | None) -> bool:
    return newest.label is not None and newest.label.label_id == label_id


def said_at(outcome: CallOutcome) -> datetime:
    """Return when the last was said that an outcome holds: by a classifier, or by a person."""
    said: list[datetime] = [outcome.decided_at, *outcome.facts_at.values()]
    return max(said if outcome.label is None else [*said, outcome.label.at])


def worked_at(outcome: CallOutcome) -> datetime | None:
    """Return when the stages before the sink were done with what an outcome rests on; None where nobody says."""
    return max((hop.finished_at for hop in outcome.hops if hop.stage != "sink"), default=None)


def comes_late(outcome: CallOutcome, put_back: CallOutcome) -> bool:
    """Tell whether a machine's outcome is not younger than the published one that was put back into a restored store.

    Of what was between the two in the store, only the topics know: it is no news, whatever its identifier.
    """
    own, known = worked_at(outcome), worked_at(put_back)
    return put_back.state == "done" and own is not None and known is not None and own <= known


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def due(newest: CallOutcome, confirmed: Container[int], stored: CallOutcome) -> CallOutcome | None:
    """Decide what has to be published for an outcome that is ``stored``, given the call's ``newest`` one.

    Nothing, if the broker has ``confirmed`` its revision. Else the newest: whether the own one was published is not
    known, and if it was, then perhaps after the newest, which compaction would forget.
    """
    return None if stored.revision in confirmed else newest
