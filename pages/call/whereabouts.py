"""Where a call is: with an outcome, on its way to one, or given up without one."""

from api.access import Principal
from api.calls.lookup import ended_or_under_way
from api.calls.resource import Progress
from api.operations.dead_letters import list_dead_letters
from api.page_tokens import LARGEST_PAGE
from api.problems import Problem
from api.services import Services
from schemas import CallOutcome, Failure
from store.calls import OutcomeStore
from streams.dead_letters import DeadLetterSummary

Where = CallOutcome | Progress | DeadLetterSummary


async def whereabouts(services: Services, who: Principal, call_id: str) -> Where:
    """Return the newest outcome of a call, masked, or how far it is, or why it was given up.

    Nobody is to look for a call that has an outcome in Kafka, and of dead letters only the newest are looked through,
    for whoever asks may ask for anything.

    Raises:
        Problem: not-found: nobody knows the call, it is forgotten, or out of their scope; unavailable: it has no
            outcome, and the brokers do not say where it is.
        KafkaUnavailable, MongoUnavailable: They did not answer.
    """
    try:
        call = await ended_or_under_way(services, who, call_id)
    except Problem as problem:
        is_stored = await OutcomeStore(services.database).find(call_id, {"_id": 1}) is not None
        if problem.kind.code != "not-found" or is_stored:  # forgotten, or another's
            raise
        found = await list_dead_letters(who, services, call_id=call_id, page_size=LARGEST_PAGE)
        if not found.dead_letters:
            raise
        return found.dead_letters[0]
    if call.outcome is not None:
        return call.outcome
    if call.progress is None:
        raise AssertionError("a call without an outcome is somewhere")
    return call.progress


async def letter_of(services: Services, who: Principal, call_id: str, failure: Failure) -> DeadLetterSummary:
    """Return the newest dead letter of a call that failed.

    Raises:
        Problem: not-found: it is older than the topic keeps, or its call is out of their scope.
        KafkaUnavailable: The brokers did not answer.
    """
    token = None
    while token != "":
        page = await list_dead_letters(
            who,
            services,
            stage=failure.stage,
            error_type=failure.error_type,
            call_id=call_id,
            page_size=LARGEST_PAGE,
            page_token=token,
        )
        if page.dead_letters:
            return page.dead_letters[0]
        token = page.next_page_token
    raise Problem(
        "not-found", f"The dead letter of call {call_id[:200]!r} is not kept any more", cure="Hand it in again"
    )
