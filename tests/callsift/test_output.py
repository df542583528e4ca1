"""What commands write: tables for people, tabs for programs, and nothing that a terminal would obey."""

import io
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from callsift.commands.output import category_title, harmless, make_table, print_table, reason
from schemas.taxonomy import use
from tests.brands import brands
from tests.schemas.examples import call_lost, call_outcome


@given(st.text())
def test_text_from_outside_cannot_command_a_terminal_or_break_a_line(text: str) -> None:
    shown = harmless(text)
    assert shown.isprintable()
    assert harmless(shown) == shown


def test_printable_text_stays_as_it_is_and_so_does_what_is_to_be_kept() -> None:
    assert harmless("Çağrı: „su“ 👍 [bold]") == "Çağrı: „su“ 👍 [bold]"
    assert harmless("a\n\x1b[2J", keep="\n") == "a\n\\x1b[2J"


def test_columns_are_separated_by_tabs_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Title", ["one", "two"], [["1", "[/red]"], ["", "x" * 300]])
    assert capsys.readouterr().out.splitlines() == ["one\ttwo", "1\t[/red]", "\t" + "x" * 300]


def test_a_table_shows_brackets_and_long_words_whole() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=30)
    address = "file:///" + "".join(repeat("0123456789", 5))
    console.print(make_table("Title", ["column"], [["[/red]"], [address]]))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "[/red]" in shown
    assert address in "".join(line.strip("│ ") for line in shown.splitlines())


def test_a_call_is_named_by_the_taxonomy_that_decided(tmp_path: Path) -> None:
    outcome = call_outcome()
    assert outcome.versions
    versions = outcome.versions.model_copy(update={"taxonomy": "clinic-1"})
    told = outcome.model_copy(update={"versions": versions, "category": "appointment", "sub_category": "emergency"})
    assert category_title(told) == "emergency"
    use(brands(tmp_path))
    try:
        assert category_title(told) == "New appointment · Emergency"
        assert category_title(outcome) == "Unnecessary Call · Price Research"
    finally:
        use(None)


def test_a_call_without_a_recording_is_no_failure() -> None:
    assert category_title(call_lost()) == "no recording: abandoned"
    assert reason(call_lost()) == "there is nothing to hear"
