"""Pages of a company with other categories, or of two: names fall back, and links lead to what a taxonomy marks."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from pages.call_backs.routes import without_time
from pages.calls.view import saved
from pages.categories import category_named, category_of, choices, title_of
from pages.insight.lost import lost_jobs
from pages.insight.question import InsightQuestion
from pages.insight.view import insight
from pages.live.view import names
from pages.words import Language
from schemas import Taxonomies, Taxonomy
from schemas.taxonomy import use
from store.stats import Figures, Key, Survey
from tests.brands import CLINIC, brands
from tests.schemas.examples import call_outcome

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


@pytest.fixture
def both(tmp_path: Path) -> Iterator[None]:
    """Take the shipped categories and, for some calls, the clinic's into use."""
    use(brands(tmp_path))
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


@pytest.mark.usefixtures("both")
def test_a_call_is_named_by_its_own_taxonomy_and_a_code_by_the_first_that_has_it() -> None:
    shipped, clinic = Taxonomies.load().all
    outcome = call_outcome()
    assert outcome.versions
    versions = outcome.versions.model_copy(update={"taxonomy": "clinic-1"})
    at_the_clinic = {"versions": versions, "category": "complaint", "sub_category": None, "queue": "dental"}
    found = category_of(outcome.model_copy(update=at_the_clinic), ENGLISH)
    assert found is not None
    assert (found.title, found.within) == ("Complaint", None)
    assert category_named("appointment", "emergency", "en").within == "New appointment"
    assert title_of("price_research", "en") == "Price Research"
    assert [one.code for one in choices("en", clinic)] == [one.code for one in clinic.categories]
    codes = [one.code for one in choices("en")]
    assert codes == list(dict.fromkeys(one.code for each in (shipped, clinic) for one in each.categories))


@pytest.mark.usefixtures("both")
def test_pages_lead_to_what_each_of_two_companies_marks() -> None:
    complaints = [link for link in saved("", ENGLISH) if "complaint" in link.address]
    assert [link.address for link in complaints] == [
        "/calls?sub_category=complaint&when=yesterday",
        "/calls?category=complaint&when=yesterday",
    ]
    assert complaints[1].text.endswith(" · clinic-1")
    assert [link.address for link in without_time("en")] == [
        "/calls?sub_category=call_later&when=30d",
        "/calls?category=call_back&when=30d",
    ]
    leaves = Counter[Key](
        {("unnecessary_call", "complaint"): 2, ("no_appointment", "insurance"): 3, ("other", None): 5}
    )
    assert lost_jobs(leaves, Counter()).reasons == {"complaint": 2, "insurance": 3}


@pytest.mark.usefixtures("both")
def test_the_live_page_names_a_call_by_the_version_that_decided() -> None:
    titles = json.loads(names(ENGLISH))["categories"]
    assert titles["clinic-1"]["insurance"] == titles[""]["insurance"]
    assert titles["clinic-1"]["uncertain"][1] == "uncertain"
    assert "price_research" not in titles["clinic-1"]
    assert titles[""].keys() == titles["clinic-1"].keys() | titles[Taxonomy.shipped().version].keys()


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(("asked", "marks"), [({}, 0), ({"queue": "dental"}, 1)])
def test_another_majority_of_two_companies_is_no_change_of_version(asked: dict[str, str], marks: int) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    question = InsightQuestion.model_validate({"when": "7d", **asked})
    by_version = Counter[Key](
        {
            ("2026-11-18", "1.1", "a", "m"): 9,
            ("2026-11-18", "clinic-1", "b", "m"): 2,
            ("2026-11-19", "clinic-1", "b", "m"): 3,
        }
    )
    found = Survey(Figures(), {}, [Counter(), Counter(), Counter(), Counter(), by_version, Counter()])
    before = Survey(Figures(), {}, [Counter(), Counter()])
    seen = insight(found, before, question, question.span(now, ENGLISH.zone), ENGLISH)
    assert len(seen.marks) == marks
