"""The report's charts, as SVG and HTML that need nothing from outside."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

_SIZE, _LEFT, _BOTTOM = 300, 46, 40
"""Side of the plot, and room for the axes' labels, in SVG units."""


def reliability_diagram(bins: Sequence[dict[str, Any]]) -> str:
    """Draw how often guesses are right against how sure they were; on the diagonal, confidences mean what they say."""
    most = max((own["n"] for own in bins), default=0)
    marks = []
    for own in bins:
        if not own["n"]:
            continue
        x, y = _x(own["confidence"]), _y(own["accuracy"])
        low, high = own["interval"]
        title = (
            f"{own['n']} calls, confidence {own['confidence']:.0%}, right {own['accuracy']:.0%} ({low:.0%}–{high:.0%})"
        )
        height = own["n"] / most * _SIZE * 0.25
        marks += [
            f'<rect class="amount" x="{_x(own["from"]):.1f}" y="{_y(0) - height:.1f}" '
            f'width="{_SIZE * (own["to"] - own["from"]) - 2:.1f}" height="{height:.1f}"/>',
            f'<g><title>{title}</title><line class="interval" x1="{x:.1f}" y1="{_y(low):.1f}" x2="{x:.1f}" '
            f'y2="{_y(high):.1f}"/><circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/></g>',
        ]
    diagonal = f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>'
    return _plot("confidence", "share right", [diagonal, *marks], "Reliability diagram")


def risk_coverage_curve(curve: Sequence[dict[str, Any]], floor: float) -> str:
    """Draw the share of wrong answers against the share answered, for every confidence floor; today's is marked."""
    points = [own for own in curve if own["risk"] is not None and own["coverage"] is not None]
    top = max([0.05, *(own["risk"] for own in points)])
    top = next(step for step in (0.05, 0.1, 0.2, 0.3, 0.5, 1.0) if step >= top)
    line = " ".join(f"{_x(own['coverage']):.1f},{_y(own['risk'] / top):.1f}" for own in points)
    marks = [f'<polyline class="curve" points="{line}"/>']
    for own in points:
        today = abs(own["floor"] - floor) < 0.005
        title = f"floor {own['floor']:.2f}: {own['coverage']:.1%} answered, {own['risk']:.1%} of them wrongly"
        marks.append(
            f'<circle class="{"today" if today else "step"}" cx="{_x(own["coverage"]):.1f}" '
            f'cy="{_y(own["risk"] / top):.1f}" r="{6 if today else 2.5}"><title>{title}</title></circle>'
        )
    return _plot("share answered", "share of answers that are wrong", marks, "Risk–coverage curve", top)


def confusion_table(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> str:
    """Lay the confusion matrix out; a wrong cell leads to its calls."""
    head = "".join(f'<th scope="col"><span>{escape(label)}</span></th>' for label in labels)
    rows = []
    for row, (expected, counts) in enumerate(zip(labels, matrix, strict=True)):
        total = sum(counts) or 1
        cells = []
        for column, (decided, count) in enumerate(zip(labels, counts, strict=True)):
            kind = "right" if row == column else "wrong"
            shade = f' class="{kind}" style="--share:{count / total:.2f}"' if count else ""
            linked = (
                f'<a href="#{anchor(expected, decided)}">{count}</a>' if count and kind == "wrong" else count or "·"
            )
            cells.append(f"<td{shade}>{linked}</td>")
        rows.append(f'<tr><th scope="row">{escape(expected)}</th>{"".join(cells)}<td>{sum(counts)}</td></tr>')
    return (
        f'<div class="wide"><table class="confusion"><thead><tr><th>expected ↓ decided →</th>{head}<th>calls</th></tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def anchor(expected: str, decided: str) -> str:
    """Name the place in the page where the calls of one cell are."""
    return f"{escape(expected)}--{escape(decided)}"


def _x(value: float) -> float:
    return _LEFT + value * _SIZE


def _y(value: float) -> float:
    return 10 + (1 - value) * _SIZE


def _plot(across: str, up: str, marks: Iterable[str], title: str, top: float = 1.0) -> str:
    ticks = []
    for step in range(6):
        share = step / 5
        ticks += [
            f'<line class="grid" x1="{_x(0)}" y1="{_y(share):.1f}" x2="{_x(1)}" y2="{_y(share):.1f}"/>',
            f'<text x="{_LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{share * top * 100:.3g}%</text>',
            f'<text x="{_x(share):.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{share:.0%}</text>',
        ]
    middle = _y(0.5)
    return (
        f'<svg role="img" viewBox="0 0 {_LEFT + _SIZE + 20} {_SIZE + 10 + _BOTTOM}"><title>{escape(title)}</title>'
        f"{''.join(ticks)}{''.join(marks)}"
        f'<text x="{_x(0.5)}" y="{_SIZE + 10 + _BOTTOM - 6}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="10" y="{middle}" text-anchor="middle" transform="rotate(-90 10 {middle})">{escape(up)}</text></svg>'
    )
