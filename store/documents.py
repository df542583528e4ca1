"""A call's document, as the sink writes it. Pure."""

from collections.abc import Sequence

from schemas import CallOutcome, Turn
from store.database import Document
from store.searchable import searchable, words_said


def of_outcome(outcome: CallOutcome, earlier: Sequence[CallOutcome] = ()) -> Document:
    """Return the fields that a new outcome sets; ``earlier`` are the call's outcomes before it, the oldest first."""
    as_json = outcome.model_dump(mode="json")
    return {
        "revision": outcome.revision,
        "state": outcome.state,
        "category": outcome.category,
        "sub_category": outcome.sub_category,
        "ended_at": outcome.ended_at,
        "decided_at": outcome.decided_at,
        "outcome": as_json,
        "search": searchable(outcome),
        # written whole, which the guard makes safe: nx-27017 turns a document that is $pushed into a string
        "history": [*(entry.model_dump(mode="json") for entry in earlier), as_json],
    }


def of_turns(turns: Sequence[Turn] | None) -> Document:
    """Return the fields that a transcript sets; None: there is none, and what is stored stays."""
    if turns is None:
        return {}
    return {"turns": [turn.model_dump(mode="json") for turn in turns], "words": words_said(turns)}
