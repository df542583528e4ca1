"""One call, for whoever may see it: the same answer whether it is not there or not theirs."""

from typing import Any

from api.access import Principal
from api.calls.resource import etag
from api.problems import Problem
from api.services import Services
from schemas import CallOutcome
from store.calls import OutcomeStore


async def visible(services: Services, who: Principal, call_id: str) -> CallOutcome:
    """Return the newest outcome of a call.

    Raises:
        Problem: not-found: there is none, it is forgotten, or it is out of their scope.
        MongoUnavailable: The store did not answer.
    """
    outcome, _ = await visible_with(services, who, call_id)
    return outcome


async def visible_with(
    services: Services, who: Principal, call_id: str, *parts: str
) -> tuple[CallOutcome, dict[str, Any]]:
    """Return the newest outcome of a call, and the document with further parts of it; raises what ``visible`` does."""
    wanted = dict.fromkeys(("outcome", *parts), 1)
    document = await OutcomeStore(services.database).find(call_id, wanted)
    if document is not None and "outcome" in document:  # of a forgotten call only the memory is left
        outcome = CallOutcome.model_validate(document["outcome"])
        if who.scope.allows(outcome):
            return outcome, document
    raise Problem("not-found", f"There is no call {call_id[:200]!r} with an outcome that you may see")


def require_unchanged(outcome: CallOutcome, if_match: str) -> None:
    """Let those go on whose If-Match names the newest outcome of a call, or any (RFC 9110, 13.1.1).

    Raises:
        Problem: precondition-failed: it names others.
    """
    tag = etag(outcome.revision)
    if not {one.strip() for one in if_match.split(",")} & {"*", tag}:
        raise Problem("precondition-failed", f"The call is at {tag}", headers={"ETag": tag})
