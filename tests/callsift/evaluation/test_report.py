"""The report of calls of which only the recording is known, and of no calls."""

from collections.abc import Sequence
from pathlib import Path

from agents.classify.labelled import RecordedCall
from agents.classify.settings import ClassifySettings
from callsift.evaluation.measurement import measure
from callsift.evaluation.predictions import Prediction, Predictions
from callsift.evaluation.questions import Question
from callsift.evaluation.report import report
from callsift.evaluation.version import Version
from schemas import CallClassified, OneFile


async def nobody() -> CallClassified:
    raise AssertionError("the answer is kept")


def page(folder: Path, calls: Sequence[RecordedCall]) -> str:
    """Make the report of calls that were all said to be empty."""
    file = folder / "predictions"
    with Predictions(file) as kept:
        for call in calls:
            kept.add(
                Prediction(
                    key=call.id,
                    id=call.id,
                    category="empty_call",
                    sub_category=None,
                    confidence=0.9,
                    by_rule=False,
                    justification="nothing <was> said",
                    seconds=0.0,
                )
            )
    evaluated = measure(
        [Question(call, call.id, call.id, nobody) for call in calls],
        file,
        Version(ClassifySettings(classifier="offline")),
        concurrency=1,
        calibrate=True,
        on_answer=lambda _: None,
    )
    return report(evaluated, "mine & yours")


def test_a_wrong_call_without_words_names_its_files(tmp_path: Path) -> None:
    call = RecordedCall(id="a", category="others", recording=OneFile(uri="/calls/<a>.wav"))
    found = page(tmp_path, [call])
    assert 'id="others--empty_call">others, decided as empty_call: 1</h3>' in found
    assert "<p>/calls/&lt;a&gt;.wav</p>" in found
    assert "nothing &lt;was&gt; said" in found
    assert "<title>callsift evaluation: mine &amp; yours</title>" in found
    assert "No confidence floor makes 95% of the answered leaves right." in found


def test_a_report_of_no_calls_has_no_figures_and_no_mistakes(tmp_path: Path) -> None:
    found = page(tmp_path, [])
    assert "<b>–</b>" in found
    assert "<p>None.</p>" in found
