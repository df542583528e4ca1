"""The evaluation as one page that works without a network."""

from collections import defaultdict
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from agents.classify.evaluation.calibration import WANTED
from agents.classify.evaluation.judged import Judged
from agents.classify.labelled import LabelledDialogue
from callsift.evaluation.charts import anchor, confusion_table, reliability_diagram, risk_coverage_curve
from callsift.evaluation.evaluate import Evaluated
from callsift.evaluation.questions import Question
from callsift.evaluation.recordings import paths

_TEMPLATE = Path(__file__).with_name("report.html")


def report(evaluated: Evaluated, title: str) -> str:
    """Make the page."""
    document = evaluated.document
    answers = document["answers"]
    subtitle = (
        f"{document['n']} calls, classifier {document['classifier']}, taxonomy {document['taxonomy']}, "
        f"confidence floor {document['confidence_floor']:g}. Answers: {answers['new']} new, {answers['kept']} kept "
        f"from earlier runs, {answers['failed']} failed. Tokens: {document['tokens']}."
    )
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        subtitle=escape(subtitle),
        figures=_figures(document),
        confusion=confusion_table(document["confusion"]["labels"], document["confusion"]["matrix"]),
        per_class=_per_class(document),
        reliability=reliability_diagram(document["calibration"]["bins"]),
        ece=_percent(document["calibration"]["ece"]),
        risk=risk_coverage_curve(document["risk_coverage"], document["confidence_floor"]),
        floor=f"{document['confidence_floor']:g}",
        calibrated=_calibrated(document),
        wrong=_wrong(evaluated),
    )


def _figures(document: dict[str, Any]) -> str:
    intervals = document["intervals"]
    shown = [
        ("right category", document["accuracy"]["category"], intervals["accuracy"]["category"]),
        ("right leaf", document["accuracy"]["leaf"], intervals["accuracy"]["leaf"]),
        ("answered", document["coverage"], intervals["coverage"]),
        (
            "right category when answered",
            document["selective_accuracy"]["category"],
            intervals["selective_accuracy"]["category"],
        ),
        ("right leaf when answered", document["selective_accuracy"]["leaf"], intervals["selective_accuracy"]["leaf"]),
    ]
    return "".join(
        f"<div><small>{name}</small><b>{_percent(value)}</b><small>{_range(bounds)}</small></div>"
        for name, value, bounds in shown
    )


def _per_class(document: dict[str, Any]) -> str:
    rows = []
    for code, own in document["per_class"].items():
        bounds = document["intervals"]["per_class"][code]
        cells = [
            _percent(own["precision"]),
            _range(bounds["precision"]),
            _percent(own["recall"]),
            _range(bounds["recall"]),
            _percent(own["f1"]),
            str(own["support"]),
        ]
        rows.append(f"<tr><td>{escape(code)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return "".join(rows)


def _calibrated(document: dict[str, Any]) -> str:
    if "floor" not in document:
        return ""
    floor, found = document["floor"], document["corrected"]
    advice = f"No confidence floor makes {WANTED:.0%} of the answered leaves right."
    if floor:
        advice = (
            f"CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR={floor['floor']:g} is the lowest with which {WANTED:.0%} of the "
            f"answered leaves are right here: {1 - floor['risk']:.1%}, and {floor['coverage']:.1%} of the calls "
            "are answered."
        )
    if not found:
        fitted, diagram = "Too few right or wrong guesses to fit a correction of the confidences.", ""
    else:
        fitted = (
            f"A correction by slope {found['slope']:.3g} and intercept {found['intercept']:.3g} on the logit (Platt), "
            f"cross-fitted, would leave an expected calibration error of {_percent(found['ece'])}:"
        )
        diagram = f'<div class="charts"><figure>{reliability_diagram(found["bins"])}</figure></div>'
    return f'<h3>Confidence floor and correction</h3><p class="note">{escape(advice)} {escape(fitted)}</p>{diagram}'


def _wrong(evaluated: Evaluated) -> str:
    pairs: dict[tuple[str, str], list[tuple[Judged, Question]]] = defaultdict(list)
    for call, question in zip(evaluated.calls, evaluated.questions, strict=True):
        if not call.right_leaf:
            pairs[call.expected.code, call.decided.code].append((call, question))
    if not pairs:
        return "<p>None.</p>"
    parts = []
    for (expected, decided), calls in sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        parts.append(
            f'<h3 id="{anchor(expected, decided)}">{escape(expected)}, decided as {escape(decided)}: {len(calls)}</h3>'
        )
        parts += [_call(*call) for call in calls]
    return "".join(parts)


def _call(call: Judged, question: Question) -> str:
    guess = f", best guess {call.guess.code}" if call.guess and call.guess != call.decided else ""
    return (
        f"<details><summary>{escape(call.id)} ({call.confidence:.0%}{escape(guess)})</summary>"
        f'<p class="note">{escape(call.justification)}</p>{_said(question)}</details>'
    )


def _said(question: Question) -> str:
    if isinstance(question.call, LabelledDialogue):
        return "".join(
            f'<p class="turn {turn.speaker.value}"><span class="who">{turn.speaker.value}</span>{escape(turn.text)}</p>'
            for turn in question.call.turns
        )
    return f"<p>{escape(', '.join(map(str, paths(question.call))))}</p>"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _range(bounds: tuple[float, float] | None) -> str:
    return "" if bounds is None else f"{bounds[0]:.1%}–{bounds[1]:.1%}"
