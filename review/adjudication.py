"""Which label is gold, whom to ask next, and what went wrong where the machine is wrong."""

from review.reviewed import Cause, ReviewedCall


def gold(call: ReviewedCall) -> str | None:
    """Return what the call is, by two people who agree, or by the third where they differ; None: not known so far.

    Blind answers alone count: what a person says after seeing the machine's answer leans to the machine. The third
    hears the call and sees both answers, without names and without the machine's, and decides, even for neither.
    """
    if not call.doubled:
        return None
    first, second, *rest = call.readings
    if first.first == second.first:
        return first.first
    return rest[0].first if rest else None


def waits_for_third(call: ReviewedCall) -> bool:
    """Whether two people differ and nobody has decided."""
    return call.doubled and gold(call) is None


def standing(call: ReviewedCall) -> str:
    """Return the label that the call is shown with: gold if there is one, else what the last reader settled on."""
    last = call.readings[-1]
    return gold(call) or last.final or last.first


def cause(call: ReviewedCall) -> Cause | None:
    """Return why the machine is wrong, as the last reader who named a cause has it; None where it is right."""
    if call.machine == standing(call):
        return None
    return next((reading.cause for reading in reversed(call.readings) if reading.cause is not None), None)
