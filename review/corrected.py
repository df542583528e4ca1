"""How many calls there are of each category, corrected by how the machine errs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from review.estimates import Estimate, estimate
from review.proportions import ENOUGH, Interval, Z, clipped
from review.reviewed import ReviewedCall
from review.sample import Sample


def corrected_shares(sample: Sample, machine: Mapping[str, int]) -> dict[str, Estimate]:
    """Return the share of each category among all calls of the frames, in place of the machine's own count.

    The machine's share, which is known of all calls, plus the mean by which people differ from it on the drawn ones:
    prediction-powered inference (Angelopoulos et al. 2023). It inverts no matrix, so that it holds for a bad machine as
    well. By gold if that is known (``Sample.against_gold``), else by the first reader. Shares are clipped to 0 to 1.

    Args:
        sample: The labels of the frames' draws.
        machine: Of all calls of the same frames, by the machine's answer at one time: that of ``ReviewedCall.counted``.

    Raises:
        ValueError: ``machine`` has no calls.
    """
    total = sum(machine.values())
    if not total:
        raise ValueError("expected the machine's counts over the frames' calls, found none")
    mean = sample.against_person if sample.against_gold(lambda _call, _label: 1.0) is None else sample.against_gold
    found = {}
    for category in sorted({*machine, *(call.person for call in sample.calls)}):
        difference = mean(partial(_missed, category))
        if (share := estimate(difference, plus=machine.get(category, 0) / total)) is not None:
            found[category] = share
    return found


def _missed(category: str, call: ReviewedCall, label: str) -> float:
    return float(label == category) - float((call.counted or call.machine) == category)


@dataclass(frozen=True)
class Counted:
    """How many of how many."""

    right: float
    of: float


def rogan_gladen(found: Counted, sensitivity: Counted, specificity: Counted) -> tuple[float, Interval] | None:
    """Return the true share of a category in calls that nobody reviewed, with its 95 % interval.

    Rogan and Gladen (1978), with the interval of Lang and Reiczigel (2014). It carries over how the machine errs from
    reviewed calls to others, e.g. to an earlier month of the same versions; for the frame itself ``corrected_shares``
    is better. Both are clipped to 0 to 1.

    Args:
        found: Calls that the machine says are the category, of all calls.
        sensitivity: Reviewed calls of the category that the machine found, of all of the category.
        specificity: Reviewed calls of other categories that the machine left out, of all others.

    Returns:
        None where it is unusable: fewer than 30 reviewed calls on either side, or a machine that is not clearly better
        than chance at telling the category, so that its count says nothing.
    """
    if min(sensitivity.of, specificity.of) < ENOUGH or not found.of:
        return None
    hit, hit_spread = _plus_two(sensitivity)
    left, left_spread = _plus_two(specificity)
    better = hit + left - 1
    if better - Z * (hit_spread + left_spread) ** 0.5 <= 0:
        return None
    n = found.of + Z * Z
    observed = (found.right + Z * Z / 2) / n
    share = (observed + left - 1) / better
    shift = 2 * Z * Z * (share * hit_spread - (1 - share) * left_spread)
    reach = Z * (observed * (1 - observed) / n + share**2 * hit_spread + (1 - share) ** 2 * left_spread) ** 0.5 / better
    plain_hit, plain_left = sensitivity.right / sensitivity.of, specificity.right / specificity.of
    plain = (found.right / found.of + plain_left - 1) / (plain_hit + plain_left - 1)
    return min(1.0, max(0.0, plain)), clipped(share + shift, reach)


def _plus_two(counted: Counted) -> tuple[float, float]:
    """Return a share with a success and a failure added, and its variance."""
    share = (counted.right + 1) / (counted.of + 2)
    return share, share * (1 - share) / (counted.of + 2)
