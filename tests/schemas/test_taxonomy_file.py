"""A taxonomy of somebody else: what is wrong with it is told with its line, its field and the rule."""

from pathlib import Path

import pytest

from schemas import Taxonomy
from schemas.names import named
from schemas.taxonomy import use
from schemas.taxonomy_file import InvalidTaxonomy

GOOD = """\
version: bakery-1
company: A bakery.
categories:
  - code: order
    name: {de: Bestellung}
    definition: Something is ordered.
  - code: nothing
    name: {de: Nichts}
    definition: Nothing is ordered.
    means: lost
    sub_categories:
      - code: too_late
        name: {de: Zu spät}
        definition: It is sold out.
  - code: empty_call
    name: {de: Leer}
    definition: Nobody speaks.
  - code: uncertain
    name: {de: Unklar}
    definition: Nobody knows.
precedence:
  - {when: something is ordered, leaf: order}
"""


def loaded(tmp_path: Path, text: str = GOOD) -> Taxonomy:
    path = tmp_path / "taxonomy.yaml"
    path.write_text(text, encoding="utf-8")
    return Taxonomy.load(path)


def test_names_may_be_in_one_language_that_is_neither_english_nor_turkish(tmp_path: Path) -> None:
    taxonomy = loaded(tmp_path)
    assert taxonomy.title(taxonomy.leaves["too_late"], "tr") == "Nichts · Zu spät"


def test_a_name_is_in_the_language_that_is_asked_for_else_english_else_any() -> None:
    names = {"de": "Bestellung", "en": "Order", "pt-BR": "Pedido"}
    assert [named(names, asked) for asked in ("de", "de-AT", "pt-BR", "fr")] == [
        "Bestellung",
        "Bestellung",
        "Pedido",
        "Order",
    ]
    assert named({"de": "Bestellung"}, "fr") == "Bestellung"


@pytest.mark.parametrize(
    ("before", "after", "line", "told"),
    [
        ("code: order", "code: The Order", 4, r"categories\.0\.code: String should match"),
        (
            "        definition: It is sold out.\n",
            "",
            12,
            r"categories\.1\.sub_categories\.0\.definition: Field required",
        ),
        ("code: empty_call", "code: void", 1, "they must exist: empty_call"),
        ("means: lost", "means: won", 10, r"categories\.1\.means: Input should be"),
        ("name: {de: Leer}", "name: {}", 16, r"categories\.2\.name"),
        ("name: {de: Leer}", "name: {German: Leer}", 16, r"categories\.2\.name"),
        ("leaf: order", "leaf: orders", 1, "precedence names leaves that do not exist: orders"),
        ("company: A bakery.", "company: A bakery.\ncompany: Another.", 3, "company is there twice"),
        ("code: too_late", "code: order", 1, "two leaves share a code.*: order"),
        ("definition: Nobody knows.", "definition: [Nobody", 21, "is no YAML"),
    ],
)
def test_a_mistake_is_told_with_line_field_and_rule(
    tmp_path: Path, before: str, after: str, line: int, told: str
) -> None:
    assert before in GOOD
    with pytest.raises(InvalidTaxonomy, match=told) as raised:
        loaded(tmp_path, GOOD.replace(before, after))
    assert f"taxonomy.yaml line {line}" in str(raised.value)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (GOOD.replace("definition: Nobody knows.", "definition: Nobody knows.\n    means: lost"), "only one .*: lost"),
        (GOOD.replace("    means: lost\n", "").replace("knows.", "knows.\n    means: lost"), "they say why"),
        (GOOD.replace("    means: lost\n", "").replace("out.", "out.\n        means: lost"), "no sub-category"),
    ],
)
def test_what_a_category_means_to_the_product_is_said_once_and_where_it_can_be(
    tmp_path: Path, after: str, told: str
) -> None:
    with pytest.raises(InvalidTaxonomy, match=told):
        loaded(tmp_path, after)


def test_a_file_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidTaxonomy, match=r"cannot read .*nowhere/taxonomy\.yaml: No such file"):
        Taxonomy.load(tmp_path / "nowhere" / "taxonomy.yaml")


def test_what_is_taken_into_use_is_what_every_room_reads(tmp_path: Path) -> None:
    loaded(tmp_path)
    use(tmp_path)
    try:
        assert Taxonomy.load().version == "bakery-1"
        assert Taxonomy.load() is Taxonomy.load()
        assert Taxonomy.shipped().version != "bakery-1"
    finally:
        use(None)
    assert Taxonomy.load() is Taxonomy.shipped()


def test_the_shipped_categories_that_pages_lead_to_say_so_themselves() -> None:
    taxonomy = Taxonomy.shipped()
    assert [taxonomy.code_of(meaning) for meaning in ("lost", "call_back", "complaint")] == [
        "unnecessary_call",
        "call_later",
        "complaint",
    ]
