"""What the pages of the ways in show can be used as it stands."""

import re
from pathlib import Path

import pytest
import yaml

from sources.folder.names import Names
from sources.settings import SourcesFile

DOCS = Path(__file__).parents[2] / "docs"


def files(page: str) -> list[str]:
    """Return the YAML that a page shows."""
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(("page", "kind"), [("watched-folder.md", "folders"), ("asterisk.md", "asterisks")])
def test_a_file_of_sources_that_a_page_shows_is_one(page: str, kind: str) -> None:
    [shown] = files(page)
    assert getattr(SourcesFile.model_validate(yaml.safe_load(shown)), kind)


@pytest.mark.parametrize(("page", "model"), [("watched-folder.md", "folders"), ("asterisk.md", "asterisks")])
def test_a_page_names_every_setting(page: str, model: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    source = SourcesFile.model_fields[model].annotation.__args__[1]  # type: ignore[union-attr]
    assert [name for name in source.model_fields if f"`{name}`" not in text] == []


def test_the_pattern_of_the_page_reads_a_name() -> None:
    [pattern] = re.findall(r"^pattern: '(.*)'$", (DOCS / "watched-folder.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = Names("any", pattern).read("sales/202611281000_05321234567_rx.wav")
    assert named is not None
    assert (named.role, named.facts) == ("customer", {"queue": "sales", "caller": "05321234567"})
