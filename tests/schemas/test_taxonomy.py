"""The categories of a call: the shipped file, and what a changed one must not break."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas import Leaf, Taxonomy

SHIPPED = Taxonomy.load()
RULE_CASES = yaml.safe_load(Path(__file__).with_name("rule_cases.yaml").read_text(encoding="utf-8"))
FILE = Path(__file__).parents[2] / "schemas" / "taxonomy.yaml"


def load_changed(tmp_path: Path, **changes: Any) -> Taxonomy:
    content = yaml.safe_load(FILE.read_text(encoding="utf-8")) | changes
    path = tmp_path / "taxonomy.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return Taxonomy.load(path)


def test_the_shipped_taxonomy_has_the_four_categories_and_the_ten_unnecessary_ones() -> None:
    assert [category.code for category in SHIPPED.categories] == [
        "potential_customer",
        "unnecessary_call",
        "empty_call",
        "uncertain",
    ]
    assert [leaf.code for leaf in SHIPPED.leaves.values() if leaf.category == "unnecessary_call"] == [
        "guaranteed_product",
        "irrelevant_sector",
        "installation",
        "service_fee_rejected",
        "price_research",
        "complaint",
        "call_later",
        "basic_job",
        "platform_membership",
        "others",
    ]


def test_every_leaf_is_found_by_its_names() -> None:
    for code, leaf in SHIPPED.leaves.items():
        assert SHIPPED.leaf(leaf.category, leaf.sub_category) == leaf
        assert SHIPPED.described(leaf).code == code


@pytest.mark.parametrize(
    ("category", "sub_category"),
    [
        ("unnecessary_call", None),
        ("unnecessary_call", "uncertain"),
        ("unnecessary_call", "nonsense"),
        ("potential_customer", "complaint"),
        ("complaint", None),
        ("nonsense", None),
        ("", None),
        ("uncertain", ""),
    ],
)
def test_names_that_do_not_belong_together_are_refused(category: str, sub_category: str | None) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        SHIPPED.leaf(category, sub_category)


def test_titles_are_written_for_people_in_both_languages() -> None:
    complaint, empty = Leaf("unnecessary_call", "complaint"), Leaf("empty_call", None)
    assert SHIPPED.title(complaint) == "Unnecessary Call · Complaint"
    assert SHIPPED.title(complaint, "tr") == "Gereksiz Çağrı · Şikayet"
    assert SHIPPED.title(empty, "tr") == "Boş Çağrı"


def test_every_leaf_has_a_place_in_the_order_of_precedence() -> None:
    assert {rule.leaf for rule in SHIPPED.precedence} == set(SHIPPED.leaves)


@pytest.mark.parametrize("case", RULE_CASES, ids=[case["id"] for case in RULE_CASES])
def test_the_numbered_rules_read_literally_give_every_settled_case(case: dict[str, Any]) -> None:
    first = min(number for number in case["holds"])
    assert SHIPPED.precedence[first - 1].leaf == case["leaf"]


def test_every_leaf_but_the_ones_without_speech_has_an_example_and_all_a_definition() -> None:
    for leaf in SHIPPED.leaves.values():
        entry = SHIPPED.described(leaf)
        assert entry.definition.strip()
        assert entry.examples or leaf.code == "empty_call"


def test_precedence_may_not_name_what_is_no_leaf(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"precedence names leaves that do not exist: refund, unnecessary_call"):
        load_changed(tmp_path, precedence=[{"when": "a", "leaf": "unnecessary_call"}, {"when": "b", "leaf": "refund"}])


def test_the_pipelines_own_categories_must_exist(tmp_path: Path) -> None:
    categories = [category for category in _categories() if category["code"] != "uncertain"]
    with pytest.raises(ValueError, match="they must exist: uncertain"):
        load_changed(tmp_path, categories=categories, precedence=[])


def test_a_code_may_not_occur_twice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two leaves share a code"):
        load_changed(tmp_path, categories=[*_categories(), _categories()[0]])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"code": "Empty Call"}, "code"),
        ({"definition": None}, "definition"),
        ({"name": {}}, "name"),
        ({"defintion": "a slip"}, "defintion"),
        ({"examples": "not a list"}, "examples"),
    ],
)
def test_a_broken_entry_is_refused_with_the_fields_name(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    categories = [category | change if category["code"] == "empty_call" else category for category in _categories()]
    with pytest.raises(ValueError, match=named):
        load_changed(tmp_path, categories=categories)


@pytest.mark.parametrize("content", ["", "just text", "- a list", "version: ['1.0'"])
def test_a_file_that_is_no_taxonomy_raises_a_value_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError):
        Taxonomy.load(path)


def _categories() -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["categories"]
    return content
