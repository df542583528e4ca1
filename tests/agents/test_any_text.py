"""No text ends a call: conversations of anything through all that the stages do to text, in linear time."""

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.languages.tr.inverse_text_normalisation import normalised
from agents.transcribe.redaction import Said, core
from schemas import Turn
from tests.agents.any_text import conversations, survives


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(conversations())
def test_no_text_ends_a_call(turns: Sequence[Turn]) -> None:
    survives(turns)


def steps(work: Callable[[], object]) -> int:
    """Count the lines of Python that run meanwhile, each round of a loop apart; no clock, the same on every machine."""
    count = 0

    def traced(_frame: FrameType, event: str, _given: Any) -> Any:
        nonlocal count
        count += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "said",
    [
        "beş yüz otuz lira ve sonra gelirim",
        "gelirim 45 makine 17",
        "bana et gmail nokta kom",
        "a nokta b et gmail nokta kom",
        "a yani",
        "mailim a yani",
        "adım",
        "adım ahmet yılmaz",
        "yüz",
        "gül mahallesi lale sokak numara beş daire üç ve böyle işte sonra gelin",
        "plakası otuz dört a be ce yüz yirmi üç",
        "telefonum 0532 123 45 67 cihazda 4567 yazıyor",
    ],
)
@pytest.mark.parametrize("turns", [1, 40])
def test_the_work_grows_with_the_text_and_no_faster(said: str, turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the text, at most five times the steps; what looks at everything for each word takes sixteen times."""
    monkeypatch.setattr(core, "_ROUNDS", 0)  # further rounds come with the first find, and are no more than eight

    def work(times: int) -> None:
        text = " ".join([said] * (times // turns))
        for own in TURKISH.redact([Said("customer", text)] * turns).turns:
            normalised(own.text)

    work(40)  # what is loaded or remembered once
    assert steps(lambda: work(160)) < 5 * steps(lambda: work(40))
