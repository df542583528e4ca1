"""The audit report: every figure with every label that it rests on, signed, and made again by whoever doubts it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from review.accuracy import accuracy, by, by_category, error_budget, naive
from review.agreement import agreement
from review.chain import BrokenChain, signed, verified
from review.corrected import corrected_shares
from review.drawing import Draw
from review.reviewed import Cause, Drawn, Reading, ReviewedCall, Versions
from review.sample import Sample

FORMAT = 1


@dataclass(frozen=True)
class Report:
    """What a report holds, once it is verified."""

    head: Mapping[str, Any]
    """Its draws: frame, seed, digest of the candidates; of each stratum how many calls were listed, how many came late,
    and the chance of each. All calls by stratum, and by what the machine says."""
    figures: Mapping[str, Any]
    calls: tuple[ReviewedCall, ...]
    """With reviewers as pseudonyms."""


def write_report(
    draws: Sequence[Draw],
    calls: Sequence[ReviewedCall],
    sizes: Mapping[tuple[str, str], int],
    machine: Mapping[str, int],
    key: Ed25519PrivateKey | None,
) -> list[str]:
    """Return the report as lines of JSON: its head, a line for each reviewed call, the figures, the signature.

    Args:
        draws: Those that ``calls`` were drawn in.
        calls: All reviewed calls of the period, the chosen ones too: the report shows that they do not count.
        sizes: As ``Sample`` takes them.
        machine: Calls in the frames, by what the machine says.
        key: Who answers for the report; None: nobody, and its last line says so.
    """
    head = {
        "kind": "report",
        "format": FORMAT,
        "draws": [
            {
                "frame": draw.frame.name,
                "by": draw.by,
                "seed": draw.seed,
                "candidates": draw.digest,
                "second": draw.second,
                "drawn": sum(not one.drawn.late for one in draw.taken),
                "drawn_late": sum(one.drawn.late for one in draw.taken),
                "strata": [
                    [stratum, draw.sizes.get(stratum, 0), draw.late.get(stratum, 0), draw.chance(stratum)]
                    for stratum in sorted({*draw.sizes, *draw.late})
                ],
            }
            for draw in draws
        ],
        "sizes": [[frame, stratum, size] for (frame, stratum), size in sorted(sizes.items())],
        "machine": dict(sorted(machine.items())),
    }
    kept = _pseudonymous(sorted(calls, key=lambda call: call.call_id))
    labels = [{"kind": "call", **asdict(call)} for call in kept]
    return signed([head, *labels, {"kind": "figures", **figures(kept, sizes, machine)}], key)


def read_report(lines: Sequence[str], key: Ed25519PublicKey) -> Report:
    """Return a report whose lines are as they were signed and whose figures follow from its labels.

    Raises:
        BrokenChain: They are not, or the figures do not.
    """
    head, *labels, found = verified(lines, key) or [{}]
    if head.get("format") != FORMAT or found.pop("kind", None) != "figures":
        raise BrokenChain(f"expected a report of format {FORMAT} with head, calls and figures")
    sizes = {(frame, stratum): size for frame, stratum, size in head["sizes"]}
    calls = tuple(_call(label) for label in labels)
    if not _alike(json.loads(json.dumps(figures(calls, sizes, head["machine"]))), found):
        raise BrokenChain("the figures do not follow from the labels: signed by who holds the key, and wrong")
    return Report(head, found, calls)


def figures(
    calls: Sequence[ReviewedCall], sizes: Mapping[tuple[str, str], int], machine: Mapping[str, int]
) -> dict[str, Any]:
    """Return every figure of the report, as JSON has them; pure, so that anyone gets the same from the same labels."""
    sample = Sample(calls, sizes)
    agreed, everything = agreement(sample), naive(calls)
    found: dict[str, Any] = _finite(
        {
            "labels": len(calls),
            "measured": len(sample.calls),
            "doubled": sample.doubled,
            "waiting_for_third": sample.waiting,
            "groups_without_labels": [list(group) for group in sample.unread_groups],
            "accuracy": asdict(accuracy(sample)),
            "people": asdict(agreed) if agreed else None,
            "categories": {name: asdict(found) for name, found in by_category(sample).items()},
            "periods": {name: asdict(found) for name, found in by(sample, lambda call: call.period).items()},
            "versions": {name: asdict(found) for name, found in by(sample, _versions).items()},
            "causes": {name or "not named": asdict(found) for name, found in error_budget(sample).items()},
            "corrected": _corrected(sample, machine),
            "all_labels": asdict(everything) if everything else None,
        }
    )
    return found


def _corrected(sample: Sample, machine: Mapping[str, int]) -> dict[str, Any]:
    total = sum(machine.values())
    if not total or not sample.calls:
        return {}
    return {
        category: {"machine": machine.get(category, 0) / total, **asdict(share)}
        for category, share in corrected_shares(sample, machine).items()
    }


def _versions(call: ReviewedCall) -> str:
    return " · ".join((call.versions.classifier, call.versions.taxonomy, call.versions.prompt))


def _finite(value: Any) -> Any:
    """Put null in the place of an infinite effective n, of frames that were read whole: JSON has no such number."""
    if isinstance(value, dict):
        return {name: _finite(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(own) for own in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def _alike(one: Any, other: Any) -> bool:
    """Whether two figures are the same, but for the last digits, in which machines may differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(own, other[name]) for name, own in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def _pseudonymous(calls: Sequence[ReviewedCall]) -> list[ReviewedCall]:
    """Number the reviewers as they come: one number is one person within the report, and nothing outside it."""
    numbers: dict[str, str] = {}
    found = []
    for call in calls:
        readings = tuple(
            Reading(
                numbers.setdefault(reading.reviewer, f"reviewer {len(numbers) + 1}"),
                reading.first,
                reading.final,
                reading.blind,
                reading.cause,
            )
            for reading in call.readings
        )
        found.append(replace(call, readings=readings))
    return found


def _call(line: Mapping[str, Any]) -> ReviewedCall:
    try:
        readings = tuple(
            Reading(**{**reading, "cause": Cause(reading["cause"]) if reading["cause"] else None})
            for reading in line["readings"]
        )
        return ReviewedCall(
            line["call_id"],
            Drawn(**line["drawn"]),
            line["machine"],
            readings,
            Versions(**line["versions"]),
            line["period"],
            line["counted"],
        )
    except (KeyError, TypeError, ValueError):
        raise BrokenChain("a line between head and figures is no reviewed call") from None
