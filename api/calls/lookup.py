"""One call, for whoever may see it: the same answer whether it is not there or not theirs."""

from typing import Any

from api.access import Principal
from api.calls.resource import Call, etag
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
    document = await _document(services, call_id, *parts)
    if (outcome := _outcome(document, who)) is None or document is None:
        raise Problem("not-found", f"There is no call {call_id[:200]!r} with an outcome that you may see")
    return outcome, document


async def ended_or_under_way(services: Services, who: Principal, call_id: str) -> Call:
    """Return a call with its newest outcome, or with where it is.

    Raises:
        Problem: not-found: there is none, it is forgotten, or it is out of their scope; unavailable: it has no outcome,
            and the brokers do not say where it is.
        MongoUnavailable: The store did not answer.
    """
    document = await _document(services, call_id)
    if document is None:
        if (progress := await services.under_way.find(call_id, who)) is not None:
            return Call(call_id=call_id, state="in_work", progress=progress)
        document = await _document(services, call_id)  # it may have ended while Kafka was asked
    if (outcome := _outcome(document, who)) is not None:
        return Call.of(outcome, who)
    raise Problem("not-found", f"There is no call {call_id[:200]!r} that you may see")


async def _document(services: Services, call_id: str, *parts: str) -> dict[str, Any] | None:
    return await OutcomeStore(services.database).find(call_id, dict.fromkeys(("outcome", *parts), 1))


def _outcome(document: dict[str, Any] | None, who: Principal) -> CallOutcome | None:
    """Return the outcome of a document; None: there is none, as of a forgotten call, or it is out of their scope."""
    if document is None or "outcome" not in document:
        return None
    outcome = CallOutcome.model_validate(document["outcome"])
    return outcome if who.scope.allows(outcome) else None


def require_unchanged(outcome: CallOutcome, if_match: str) -> None:
    """Let those go on whose If-Match names the newest outcome of a call, or any (RFC 9110, 13.1.1).

    Raises:
        Problem: precondition-failed: it names others.
    """
    tag = etag(outcome.revision)
    if not {one.strip() for one in if_match.split(",")} & {"*", tag}:
        raise Problem("precondition-failed", f"The call is at {tag}", headers={"ETag": tag})
