"""The evaluation as one page that works without a network."""

from collections import defaultdict
from pathlib import Path

from agents.classify.evaluation.calibration import WANTED
from agents.classify.evaluation.judged import Judged
from agents.classify.labelled import LabelledDialogue, RecordedCall
from callsift.evaluation.measurement import Evaluated
from callsift.html_page import html_page

_TEMPLATE = Path(__file__).with_name("report.html")
_TOPS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Where the axis of the risk may end."""
_Wrong = tuple[tuple[str, str], list[tuple[Judged, LabelledDialogue | RecordedCall]]]


def report(evaluated: Evaluated, title: str) -> str:
    """Make the page."""
    points = [
        point
        for point in evaluated.document["risk_coverage"]
        if point["risk"] is not None and point["coverage"] is not None
    ]
    highest = max((point["risk"] or 0 for point in points), default=0)
    return html_page(
        _TEMPLATE,
        title=title,
        document=evaluated.document,
        advice=evaluated.advice,
        points=points,
        top=next(top for top in _TOPS if top >= highest),
        wanted=WANTED,
        wrong=_wrong(evaluated),
    )


def _wrong(evaluated: Evaluated) -> list[_Wrong]:
    """Return the wrong calls by expected and decided leaf, the most frequent mistake first."""
    pairs: dict[tuple[str, str], list[tuple[Judged, LabelledDialogue | RecordedCall]]] = defaultdict(list)
    for call, question in zip(evaluated.calls, evaluated.questions, strict=True):
        if not call.right_leaf:
            pairs[call.expected.code, call.decided.code].append((call, question.call))
    return sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
