"""English on conversations that a writer who saw no rule has marked."""

from agents.transcribe.languages.en import ENGLISH
from tests.agents.transcribe.redaction.measure import NUMBERS, labelled_lines, labels, measured, said


def test_lines_that_no_rule_was_made_for_leak_no_more_than_they_did() -> None:
    figures = measured(labelled_lines("unseen", "en"), ENGLISH)
    hidden, labelled = (sum(own[kind] for kind in NUMBERS) for own in (figures.hidden, figures.labelled))
    assert hidden / labelled >= 0.80
    assert figures.precision(NUMBERS) >= 0.88


def test_each_label_is_a_stretch_of_its_turn() -> None:
    lines = labelled_lines(language="en")
    assert len(lines) >= 100
    for line in lines:
        for span in labels(line):
            assert 0 <= span.start < span.end <= len(said(line)[span.turn].text), line["id"]


def test_redacting_twice_changes_nothing() -> None:
    for line in labelled_lines(language="en"):
        once = ENGLISH.redact(said(line))
        assert not once.withheld, line["id"]
        assert ENGLISH.redact(once.turns).turns == once.turns, line["id"]
