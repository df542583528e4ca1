"""What asking a hosted model takes: tokens and their estimated cost."""

from collections.abc import Iterable, Sequence

from schemas import Usage

_CHARACTERS_PER_TOKEN = 3
"""Turkish has rather more; an estimate that is too high only waits a little longer, and is corrected afterwards."""


def estimated_tokens(texts: Iterable[str]) -> int:
    """Estimate how many tokens texts have."""
    return -(-sum(map(len, texts)) // _CHARACTERS_PER_TOKEN)


def total(usages: Sequence[Usage]) -> Usage:
    """Add up what several requests took; there is at least one."""
    costs = [usage.cost for usage in usages if usage.cost is not None]
    return Usage(
        requests=sum(usage.requests for usage in usages),
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        answer_tokens=sum(usage.answer_tokens for usage in usages),
        cost=round(sum(costs), 9) if costs else None,
        currency=usages[0].currency,
    )
