"""What an outcome does to the ones that are stored of its call, and what of them is to be published."""

import hashlib
import json
from collections.abc import Container, Sequence
from typing import NamedTuple

from schemas import CallFacts, CallOutcome, CallTranscribed, Event, Turn

_BEFORE = {"pbx", "audio", "transcribe"}
"""The stages, and the PBX before them, that a transcript comes from."""


class Verdict(NamedTuple):
    """What to do with an outcome."""

    stored: CallOutcome | None
    """The outcome as the store has it then, with its revision; None: there is nothing to publish."""
    is_new: bool
    """Whether it has to be stored before."""


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
    )


def _subscribers_facts(outcome: CallOutcome) -> str:
    """Return what a subscriber sees of the call itself, unknown fields included.

    Left out is what says when and how it was worked on, and the classifier's answer: asked again, a model may word it
    differently, and that corrects nothing.
    """
    of_the_call = CallFacts.model_fields.keys() - Event.model_fields.keys() | (outcome.model_extra or {}).keys()
    of_the_recording = {"recording_facts", "figures", "language", "transcript_confidence"}
    return json.dumps(outcome.model_dump(mode="json", include=of_the_call | of_the_recording), sort_keys=True)


def verdict(history: Sequence[CallOutcome], outcome: CallOutcome) -> Verdict:
    """Decide what an outcome does to a call whose earlier outcomes are ``history``, oldest first.

    A known outcome is a redelivery, and stays what it is. A new one gets the next revision, and so does a known one
    with facts that the call has never had, under an identifier of its own. Nothing comes of facts that have been
    corrected since, nor of a failure after a category.
    """
    if not history:
        return Verdict(outcome.model_copy(update={"revision": 1}), is_new=True)
    newest, known = history[-1], {entry.outcome_id: entry for entry in history}
    facts = _subscribers_facts(outcome)
    had = [_subscribers_facts(entry) for entry in history if entry.state == "done"]
    correction = hashlib.sha256(f"{outcome.outcome_id}:{facts}".encode()).hexdigest()[:32]
    own = known.get(correction) or known.get(outcome.outcome_id)
    if own is not None and (own.state == "failed" or facts == _subscribers_facts(own)):
        return Verdict(own, is_new=False)
    if facts in had and (own is not None or facts != had[-1]):  # asked about before the correction, answered after it
        return Verdict(None, is_new=False)
    if outcome.state == "failed" and newest.state == "done":
        return Verdict(None, is_new=False)
    if own is not None:
        outcome = outcome.model_copy(update={"outcome_id": correction})
    return Verdict(outcome.model_copy(update={"revision": newest.revision + 1}), is_new=True)


def due(newest: CallOutcome, confirmed: Container[int], stored: CallOutcome) -> CallOutcome | None:
    """Decide what has to be published for an outcome that is ``stored``, given the call's ``newest`` one.

    Nothing, if the broker has ``confirmed`` its revision. Else the newest: whether the own one was published is not
    known, and if it was, then perhaps after the newest, which compaction would forget.
    """
    return None if stored.revision in confirmed else newest
