"""Pages of a company with other categories: names fall back, and what leads on leads to what the taxonomy marks."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from pages.call_backs.routes import without_time
from pages.calls.view import saved
from pages.categories import category_named, choices, title_of
from pages.insight.question import InsightQuestion
from pages.words import Language
from schemas.taxonomy import use

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"
ENGLISH = Language("en", ZoneInfo("Europe/Madrid"))


@pytest.fixture
def clinic() -> Iterator[None]:
    use(CLINIC)
    yield
    use(None)


@pytest.fixture
def unmarked(tmp_path: Path) -> Iterator[None]:
    """Take the clinic's categories into use, none of which means anything to the product."""
    content = yaml.safe_load((CLINIC / "taxonomy.yaml").read_text(encoding="utf-8"))
    for category in content["categories"]:
        category.pop("means", None)
    (tmp_path / "taxonomy.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    use(tmp_path)
    yield
    use(None)


@pytest.mark.usefixtures("clinic")
def test_a_turkish_page_of_a_clinic_has_its_english_names() -> None:
    found = category_named("appointment", "emergency", "tr")
    assert (found.title, found.within) == ("Emergency", "New appointment")
    assert title_of("no_free_time", "es") == "Sin hora libre"
    assert [choice.code for choice in choices("tr")][:3] == ["appointment", "existing_appointment", "no_appointment"]
    assert category_named("unnecessary_call", "complaint", "en").title == "complaint"  # of another taxonomy


@pytest.mark.usefixtures("clinic")
def test_pages_lead_to_the_categories_that_the_clinic_marks() -> None:
    assert "/calls?category=complaint&when=yesterday" in [link.address for link in saved("", ENGLISH)]
    [link] = without_time("en")
    assert (link.text, link.address) == ("Call back", "/calls?category=call_back&when=30d")
    assert InsightQuestion().category == "no_appointment"
    assert InsightQuestion.model_validate({"category": "moved"}).category == "moved"


@pytest.mark.usefixtures("unmarked")
def test_where_nothing_is_marked_nothing_leads_there() -> None:
    assert [link.address for link in saved("", ENGLISH) if "complaint" in link.address] == []
    assert without_time("en") == []
    assert InsightQuestion().category == "appointment"


def test_the_shipped_categories_lead_where_they_always_did() -> None:
    assert "/calls?sub_category=complaint&when=yesterday" in [link.address for link in saved("", ENGLISH)]
    [link] = without_time("tr")
    assert (link.text, link.address) == ("Sonra Ara", "/calls?sub_category=call_later&when=30d")
    assert InsightQuestion().category == "unnecessary_call"
