"""The reference pages are what the code says."""

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
