"""The pages: every link leads somewhere, and every file, setting and test that a page names is there."""

import re
from pathlib import Path

import pytest

from callsift.settings import HOME, PUSH_KEY, VARIABLES

ROOT = Path(__file__).parents[1]
ROOMS = (
    "schemas",
    "review",
    "streams",
    "store",
    "agents",
    "api",
    "pages",
    "callsift",
    "benchmarks",
    "deploy",
    "docs",
    "tests",
)
PAGES = [
    str(path.relative_to(ROOT))
    for path in sorted([*ROOT.glob("*.md"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.md"))])
]
TESTS = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


def test_pages_are_found() -> None:
    assert {"README.md", "docs/delivery.md", "docs/runbooks/CallsiftPaused.md"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text_of(page)):
        target = (ROOT / page).parent / link if link else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{link}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    for name in re.findall(r"`(\w+/[\w/.-]+)`", text_of(page)):
        assert name.partition("/")[0] not in ROOMS or (ROOT / name).exists(), name


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_every_setting_that_a_page_names_is_one(page: str) -> None:
    named = set(re.findall(r"\bCALLSIFT_(?!TEST_)[A-Z0-9_]+\b(?![*…])", text_of(page)))
    assert named <= {*VARIABLES, HOME, PUSH_KEY}


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    for name in re.findall(r"`(test_\w+)`", text_of(page)):
        assert f"def {name}(" in TESTS, name


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """Return what GitHub names the headings: lower case, without punctuation, hyphens for spaces."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
