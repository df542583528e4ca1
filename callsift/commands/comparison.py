"""Which of two evaluations of the same calls is better, for ``callsift eval``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callsift.commands.output import harmless, notes, print_json, print_table
from callsift.percent import percent
from streams.errors import CallsiftError

if TYPE_CHECKING:
    from agents.classify.evaluation.comparison import Comparison, Flip
    from review.paired import Paired

_FACTS = ("classifier", "taxonomy", "confidence_floor", "tokens", "cost", "currency")
"""What is said of each of the two besides how right it is."""
WorseAtMost = Annotated[
    float | None,
    typer.Option(
        help="With --compare or --shadow: leave with 1 unless it is shown that the second is not worse by more than "
        "this share of the leaves, such as 0.02.",
        min=0.0,
        max=1.0,
    ),
]


def read_evaluation(path: Path) -> Mapping[str, Any]:
    """Read what ``callsift eval --json`` printed.

    Raises:
        CallsiftError: It cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CallsiftError(
            f"cannot read {path}: {type(error).__name__}", "Write it with: callsift eval FILE --json"
        ) from None
    return content if isinstance(content, dict) else {}


def say_which_is_better(
    a: Mapping[str, Any], b: Mapping[str, Any], *, as_json: bool, worse_at_most: float | None
) -> None:
    """Print how two evaluations compare; of a shadow run ``a`` is of what is in use, and ``b`` of the shadow.

    Raises:
        CallsiftError: They cannot be compared.
        typer.Exit: With 1: it is not shown that B's share of right leaves is at most ``worse_at_most`` below A's.
    """
    from agents.classify.evaluation.comparison import compare

    found = compare(a, b)
    low = found["leaf"]["interval"][0]
    is_shown = None if worse_at_most is None else low >= -worse_at_most
    if as_json:
        facts = {name: {fact: own.get(fact) for fact in _FACTS} for name, own in (("a", a), ("b", b))}
        print_json({**found, **facts, "worse_at_most": worse_at_most, "is_not_worse": is_shown})
    else:
        _print(found)
    if is_shown is False:
        notes.print(f"not shown: B may be worse by {-low:.1%} of the leaves, and {worse_at_most:.1%} are allowed")
        raise typer.Exit(1)


def _print(found: "Comparison") -> None:
    columns = ["level", "A", "B", "B − A (95 %)", "only A / only B right", "p (McNemar)", "verdict"]
    rows = [_row("category", found["category"]), _row("leaf", found["leaf"])]
    print_table(f"{found['n']} calls that both have, {found['left_out']} left out", columns, rows)
    if found["flips"]:
        flips = sorted(found["flips"], key=lambda flip: (flip["what"], flip["expected"]))
        print_table(f"{len(flips)} calls that flip", ["call", "label", "A", "B", "what B does"], map(_flip, flips))


def _row(level: str, own: "Paired") -> list[str]:
    low, high = own["interval"]
    return [
        level,
        percent(own["a"]),
        percent(own["b"]),
        f"{own['difference']:+.1%} ({low:+.1%} to {high:+.1%})",
        f"{own['only_a_right']} / {own['only_b_right']}",
        f"{own['p_value']:.4f}",
        f"{own['better']} is better" if own["better"] else "no difference shown",
    ]


def _flip(flip: "Flip") -> list[str]:
    return [harmless(str(flip["id"])), flip["expected"], flip["a"], flip["b"], flip["what"]]
