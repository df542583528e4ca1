"""What the redaction must reach on the labelled lines, and what the labelled lines must hold."""

import pytest

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.redaction import Kind
from tests.agents.transcribe.redaction.measure import NUMBERS, PARTS, UNSEEN, labelled_lines, labels, measured, said

LINES = labelled_lines()


DIGITS = tuple(kind for kind in NUMBERS if kind is not Kind.EMAIL)
OWN = ("tuning", "held_out")
LEARNT = tuple(part for part in PARTS if part not in {*OWN, UNSEEN})


@pytest.mark.parametrize("part", OWN)
def test_recall_and_precision_without_addresses_and_names(part: str) -> None:
    figures = measured(labelled_lines(part))
    assert figures.recall(NUMBERS) >= 0.97
    assert figures.precision(NUMBERS) >= 0.95


@pytest.mark.parametrize("part", LEARNT)
def test_next_to_nothing_leaks_of_what_is_said_in_digits(part: str) -> None:
    figures = measured(labelled_lines(part))
    hidden, labelled = (sum(own[kind] for kind in DIGITS) for own in (figures.hidden, figures.labelled))
    assert hidden / labelled >= 0.95
    assert figures.precision(DIGITS) >= 0.95


def test_lines_that_no_rule_was_made_for_leak_no_more_than_they_did() -> None:
    figures = measured(labelled_lines(UNSEEN))
    assert sum(figures.hidden.values()) / sum(figures.labelled.values()) >= 0.93
    assert figures.precision(tuple(Kind)) >= 0.86


def test_the_labelled_file_is_large_and_varied_enough() -> None:
    assert len(LINES) >= 200
    assert len({line["id"] for line in LINES}) == len(LINES)
    assert sum(line["note"].startswith("stays: ") and not line["spans"] for line in LINES) >= 60
    assert {span.kind for line in LINES for span in labels(line)} == set(Kind)


@pytest.mark.parametrize("part", PARTS)
def test_each_label_is_a_stretch_of_its_turn_that_begins_and_ends_with_a_word(part: str) -> None:
    for line in labelled_lines(part):
        for span in labels(line):
            text = said(line)[span.turn].text
            assert 0 <= span.start < span.end <= len(text), line["id"]
            assert text[span.end - 1].isalnum() or text[span.end - 1] == "@", line["id"]  # broken off there
            assert text[span.start].isalnum() or text[span.start] in "+(", line["id"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["id"])
def test_redacting_twice_changes_nothing(line: dict[str, object]) -> None:
    once = TURKISH.redact(said(line)).turns
    assert TURKISH.redact(once).turns == once
