"""The reference pages are what the code says."""

import re
from pathlib import Path

import pytest

from callsift.reference import PAGES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_setting_says_what_it_means() -> None:
    rows = [line for line in PAGES["settings.md"]().splitlines() if line.startswith("| `CALLSIFT_")]
    assert len(rows) > 25
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_error_that_can_become_a_dead_letter_has_its_cure_on_the_page() -> None:
    page = (DOCS / "dead-letters.md").read_text(encoding="utf-8")
    named = re.compile(r"^class (\w+)\((?:PermanentError|TransientError)\)", re.MULTILINE)
    errors = {
        name
        for room in ("streams", "agents")
        for path in (DOCS.parent / room).rglob("*.py")
        for name in named.findall(path.read_text(encoding="utf-8"))
    } - {"DependencyDown", "KafkaUnavailable"}  # the stage pauses, or publishes until it is confirmed
    assert "RecordingGone" in errors
    assert [name for name in sorted(errors) if f"`{name}`" not in page] == []
