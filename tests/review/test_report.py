"""The audit report: whoever doubts it can make every figure again, and no line can be changed unseen."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from review.chain import BrokenChain, signed, verified
from review.drawing import Candidate, Draw, Frame, draw_stratified, ordered
from review.report import figures, read_report, write_report
from review.reviewed import Cause, Drawn, Reading, ReviewedCall, Versions

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FRAME = Frame(date(2026, 11, 24), date(2026, 11, 30))


def reviewed() -> tuple[Draw, list[ReviewedCall]]:
    """A draw of 40 of 200 calls, read by two people, and a correction."""
    strata = {name: [Candidate(f"{name}-{n}") for n in range(100)] for name in ("sure", "unsure")}
    draw = draw_stratified(FRAME, strata, {"sure": 10, "unsure": 30}, "a seed", second=0.5)
    calls = []
    for place, taken in enumerate(draw.taken):
        said = Reading("ayşe@example.com", "fee" if place % 5 == 0 else "price", cause=Cause.MISHEARD)
        readings = (said, Reading("Mehmet", said.first)) if taken.drawn.second else (said,)
        versions = Versions("gemini-3", "2026-11", "7")
        calls.append(ReviewedCall(taken.call_id, taken.drawn, "price", readings, versions, "2026-W48"))
    corrected = ReviewedCall("other", Drawn("correction"), "price", (Reading("Mehmet", "fee", blind=False),))
    return draw, [*calls, corrected]


DRAW, CALLS = reviewed()
MACHINE = {"price": 170, "fee": 30}
LINES = write_report([DRAW], CALLS, DRAW.group_sizes, MACHINE, KEY)


def test_a_report_is_read_back_with_its_figures_made_again() -> None:
    report = read_report(LINES, KEY.public_key())
    assert (report.figures["labels"], report.figures["measured"]) == (41, 40)
    assert report.figures["accuracy"]["person"]["share"] == pytest.approx(0.8, abs=0.05)
    assert report.figures["accuracy"]["gold"] is not None
    assert report.figures["causes"]["misheard"]["share"] == pytest.approx(0.2, abs=0.05)
    assert list(report.figures["versions"]) == ["gemini-3 · 2026-11 · 7"]
    assert report.figures["corrected"]["fee"]["machine"] == 0.15
    assert report.figures["corrected"]["fee"]["share"] == pytest.approx(0.35, abs=0.05)  # a fifth more than it counted
    assert len(report.calls) == 41


def test_an_auditor_finds_the_reports_calls_by_the_seed_alone() -> None:
    report = read_report(LINES, KEY.public_key())
    [drawn] = report.head["draws"]
    for stratum, count in (("sure", 10), ("unsure", 30)):
        expected = ordered(drawn["seed"], [f"{stratum}-{n}" for n in range(100)])[:count]
        assert sorted(expected) == [call.call_id for call in report.calls if call.drawn.stratum == stratum]


def test_reviewers_are_numbers() -> None:
    text = "\n".join(LINES)
    assert "ayşe" not in text
    assert "Mehmet" not in text
    people = {reading.reviewer for call in read_report(LINES, KEY.public_key()).calls for reading in call.readings}
    assert people == {"reviewer 1", "reviewer 2"}


def test_the_same_labels_in_another_order_make_the_same_report() -> None:
    assert write_report([DRAW], CALLS[::-1], DRAW.group_sizes, MACHINE, KEY) == LINES


@given(st.data())
def test_a_report_with_a_changed_letter_is_refused(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(LINES) - 1))
    place = data.draw(st.integers(0, len(LINES[number]) - 1))
    letter = data.draw(st.characters(exclude_characters=LINES[number][place]))
    with pytest.raises(BrokenChain):
        read_report(
            changed(LINES, number, LINES[number][:place] + letter + LINES[number][place + 1 :]), KEY.public_key()
        )


def changed(lines: Sequence[str], number: int, line: str) -> list[str]:
    return [*lines[:number], line, *lines[number + 1 :]]


@pytest.mark.parametrize(
    "damaged",
    [
        LINES[:-1],  # the signature is missing
        write_report([DRAW], CALLS, DRAW.group_sizes, MACHINE, None),  # nobody signed
        [LINES[0].replace("d", "\ud800", 1), *LINES[1:]],  # no text that could have been signed
        [*LINES[:7], *LINES[8:]],  # a label is left out
        [*LINES[:7], LINES[8], LINES[7], *LINES[9:]],  # two are swapped
        [*LINES[:7], LINES[7], *LINES[7:]],  # one counts twice
        LINES[1:],  # the head is missing
        [*LINES, LINES[-1]],
        [],
        ["[]"],
    ],
)
def test_a_report_with_lines_left_out_moved_or_added_is_refused(damaged: list[str]) -> None:
    with pytest.raises(BrokenChain):
        read_report(damaged, KEY.public_key())


def test_a_report_that_another_key_signed_is_refused() -> None:
    with pytest.raises(BrokenChain, match="not one of this key"):
        read_report(LINES, Ed25519PrivateKey.generate().public_key())


def test_a_report_that_lies_is_refused_although_its_signature_is_good() -> None:
    entries = verified(LINES, KEY.public_key())
    entries[-1]["accuracy"]["person"]["share"] += 0.01
    with pytest.raises(BrokenChain, match="do not follow from the labels"):
        read_report(signed(entries, KEY), KEY.public_key())


def test_a_report_of_another_format_is_refused() -> None:
    entries = verified(LINES, KEY.public_key())
    entries[0]["format"] = 2
    with pytest.raises(BrokenChain, match="format 1"):
        read_report(signed(entries, KEY), KEY.public_key())


def test_a_line_that_is_no_call_is_refused() -> None:
    entries = verified(LINES, KEY.public_key())
    del entries[3]["machine"]
    with pytest.raises(BrokenChain, match="no reviewed call"):
        read_report(signed(entries, KEY), KEY.public_key())


def test_a_frame_that_was_read_whole_has_figures_that_json_can_hold() -> None:
    whole = [replace(call, drawn=Drawn("random", 1.0, "f")) for call in CALLS[:-1]]
    found = figures(whole, {("f", ""): len(whole)}, {"price": len(whole)})
    assert found["accuracy"]["person"]["effective_n"] is None
    assert json.loads(json.dumps(found, allow_nan=False))["measured"] == 40


def test_a_report_without_a_label_has_no_figures_and_says_so() -> None:
    report = read_report(write_report([], [], {}, {}, KEY), KEY.public_key())
    assert (report.figures["labels"], report.figures["accuracy"]["person"], report.figures["people"]) == (0, None, None)


@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), max_size=4), max_size=5))
def test_what_was_signed_is_read_back(entries: list[dict[str, str]]) -> None:
    kept = [{name: value for name, value in entry.items() if name != "previous"} for entry in entries]
    assert verified(signed(kept, KEY), KEY.public_key()) == kept
