"""Several taxonomies at once: which one a call is put into, and what stops a start."""

from pathlib import Path
from typing import Any

import pytest

from schemas import CallFacts, Leaf, Taxonomies, Taxonomy
from schemas.taxonomies import Route
from schemas.taxonomy import use
from schemas.taxonomy_file import InvalidTaxonomy
from tests.brands import CLINIC, brands
from tests.schemas.examples import call_failed, call_outcome, call_transcribed

SHIPPED = Taxonomy.shipped().version


def call(queue: str | None = None, **metadata: Any) -> CallFacts:
    return call_transcribed().model_copy(update={"queue": queue, "metadata": metadata})


@pytest.mark.parametrize(
    ("facts", "version"),
    [
        (call(), SHIPPED),
        (call("repairs"), SHIPPED),
        (call("dental"), "clinic-1"),
        (call("orthodontics", brand="other"), "clinic-1"),
        (call("Dental"), SHIPPED),
        (call(brand={"name": "Smile"}), "clinic-1"),
        (call("repairs", brand={"name": "Smile"}), "clinic-1"),
        (call(brand={"name": "smile"}), SHIPPED),
        (call(brand="Smile"), SHIPPED),
        (call(brand=["name", "Smile"]), SHIPPED),
    ],
)
def test_the_first_route_that_fits_chooses_and_the_default_takes_the_rest(
    tmp_path: Path, facts: CallFacts, version: str
) -> None:
    assert Taxonomies.load(brands(tmp_path)).of(facts).version == version


@pytest.mark.parametrize(
    ("said", "facts", "fits"),
    [
        ({"queue": "a"}, call("a"), True),
        ({"queue": "a", "metadata": {"x": "1"}}, call("a"), False),
        ({"queue": "a", "metadata": {"x": "1"}}, call("a", x=1), True),
        ({"metadata": {"x": "1", "y": "true"}}, call(x="1", y=True), True),
        ({"metadata": {"x": "1", "y": "true"}}, call(x="1", y=1), False),
        ({"metadata": {"x": "null"}}, call(x=None), False),
    ],
)
def test_a_route_fits_where_all_that_it_says_does_and_values_are_compared_as_text(
    said: dict[str, Any], facts: CallFacts, fits: bool
) -> None:
    assert Route.model_validate({"taxonomy": "t", **said}).fits(facts) is fits


def test_of_two_routes_that_fit_the_earlier_holds(tmp_path: Path) -> None:
    folder = brands(tmp_path)
    other = (CLINIC / "taxonomy.yaml").read_text(encoding="utf-8").replace("clinic-1", "other-1", 1)
    (folder / "other").mkdir()
    (folder / "other" / "taxonomy.yaml").write_text(other, encoding="utf-8")
    both = "default: clinic\nroutes: [{queue: a, taxonomy: other}, {queue: [a, b], taxonomy: clinic}]"
    (folder / "taxonomies.yaml").write_text(both, encoding="utf-8")
    found = Taxonomies.load(folder)
    assert [found.of(call(queue)).version for queue in ("a", "b", "c")] == ["other-1", "clinic-1", "clinic-1"]
    assert [one.version for one in found.all] == ["clinic-1", "other-1"]


def test_what_is_known_of_an_outcome_is_of_the_taxonomy_that_decided_or_of_its_successor(tmp_path: Path) -> None:
    found, outcome = Taxonomies.load(brands(tmp_path)), call_outcome()
    assert outcome.versions

    def decided(version: str, queue: str) -> str:
        versions = outcome.versions and outcome.versions.model_copy(update={"taxonomy": version})
        return found.behind(outcome.model_copy(update={"versions": versions, "queue": queue})).version

    assert decided("clinic-1", "repairs") == "clinic-1"  # the routes were others then
    assert decided(SHIPPED, "dental") == SHIPPED
    assert decided("clinic-0", "dental") == "clinic-1"
    assert found.behind(call_failed().model_copy(update={"queue": "dental"})).version == "clinic-1"


def test_codes_of_all_are_known_and_a_category_goes_before_a_sub_category_of_the_same_code(tmp_path: Path) -> None:
    found = Taxonomies.load(brands(tmp_path))
    assert found.codes["price_research"] == Leaf("unnecessary_call", "price_research")
    assert found.codes["emergency"] == Leaf("appointment", "emergency")
    assert found.codes["complaint"] == Leaf("complaint", None)
    assert found.leaves["complaint"] == Leaf("unnecessary_call", "complaint")
    assert found.codes_of("lost") == {"unnecessary_call", "no_appointment"}


def test_a_folder_with_one_taxonomy_is_as_it_was() -> None:
    found = Taxonomies.load(CLINIC)
    assert [one.version for one in found.all] == ["clinic-1"]
    assert found.of(call("repairs")).version == "clinic-1"
    assert Taxonomies.load().all == (Taxonomy.shipped(),)


WRONG = {
    "no route": ("routes: []", r"line 1: routes: Tuple should have at least 1 item"),
    "a route for all": ("routes:\n - taxonomy: clinic", "line 2: routes.0: say for which calls"),
    "a number": ("routes:\n - taxonomy: clinic\n   queue: 0600", r"line 3: .*put it into quotes.*384 of 0600"),
    "a number of many": ("routes:\n - taxonomy: clinic\n   queue: [a, 7]", "line 3: .*put it into quotes"),
    "yes": ("routes:\n - taxonomy: clinic\n   metadata: {vip: yes}", "line 3: .*put it into quotes"),
    "a typing mistake": ("routes:\n - {taxonomy: clinic, queues: a}", "line 2: routes.0.queues: Extra inputs"),
    "no folder": ("routes:\n - {taxonomy: clinik, queue: a}", r"cannot read .*clinik/taxonomy.yaml: No such file"),
    "a folder of several": ("routes:\n - {taxonomy: ., queue: a}", "holds several taxonomies, and this is about one"),
    "the same version": (
        "default: copy\nroutes:\n - {taxonomy: clinic, queue: a}",
        r"clinic and copy both have version clinic-1, by which outcomes are told apart; begin each with its name",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_used_is_told_with_its_place_and_cure(tmp_path: Path, what: str) -> None:
    folder = brands(tmp_path)
    brands(tmp_path / "copied").joinpath("clinic").rename(tmp_path / "copy")
    text, told = WRONG[what]
    (folder / "taxonomies.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidTaxonomy, match=told):
        Taxonomies.load(folder)


def test_a_folder_with_both_files_is_refused(tmp_path: Path) -> None:
    folder = brands(tmp_path)
    (folder / "clinic" / "taxonomy.yaml").rename(folder / "taxonomy.yaml")
    with pytest.raises(InvalidTaxonomy, match=r"has both taxonomy\.yaml and taxonomies\.yaml; keep one"):
        Taxonomies.load(folder)


def test_who_needs_one_taxonomy_does_not_get_some_one_of_several(tmp_path: Path) -> None:
    use(brands(tmp_path))
    try:
        with pytest.raises(InvalidTaxonomy, match="name its folder, to the command or in CALLSIFT_TAXONOMY"):
            Taxonomy.load()
        assert len(Taxonomies.load().all) == 2
        assert Taxonomies.load() is Taxonomies.load()
    finally:
        use(None)
