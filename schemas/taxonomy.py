"""The categories of a call, as taxonomy.yaml names them."""

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.from_outside import composed

EMPTY_CALL = "empty_call"
UNCERTAIN = "uncertain"
_SHIPPED = Path(__file__).with_name("taxonomy.yaml")


class Name(BaseModel):
    """A name in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    tr: str


class SubCategory(BaseModel):
    """What a call can be for, and how to tell."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: str = Field(pattern=r"^[a-z][a-z_]*$")
    """What events and documents say."""
    name: Name
    """What people read."""
    definition: str
    """When a call belongs here, in one sentence."""
    belongs: tuple[str, ...] = ()
    """Cases that belong here although one might doubt it."""
    excludes: tuple[str, ...] = ()
    """Cases that do not, and where they belong instead."""
    examples: tuple[str, ...] = ()
    """What callers say, in Turkish."""


class Category(SubCategory):
    """A top-level category."""

    sub_categories: tuple[SubCategory, ...] = ()
    """The finer categories, one of which every call of this category has; empty where there are none."""


class Rule(BaseModel):
    """One line of the order of precedence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str
    leaf: str


class Leaf(NamedTuple):
    """A category with the sub-category that it may need."""

    category: str
    sub_category: str | None

    @property
    def code(self) -> str:
        """Code of the finest level; leaf codes are unique over the whole taxonomy."""
        return self.sub_category or self.category


class Taxonomy(BaseModel):
    """Every category, in the file's order, with the order of precedence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    company: str
    categories: tuple[Category, ...]
    precedence: tuple[Rule, ...]

    @staticmethod
    def load(path: Path | None = None) -> "Taxonomy":
        """Read a taxonomy file; without a path return the shipped one, which is read once.

        Raises:
            ValueError: The file is not a taxonomy; the message names the field.
        """
        return _shipped() if path is None else _read(path)

    @model_validator(mode="after")
    def _codes_are_sound(self) -> Self:
        codes = [leaf.code for leaf in self._walk()]
        if len(set(codes)) < len(codes):
            raise ValueError("two leaves share a code; codes are unique over the whole taxonomy")
        if unknown := {rule.leaf for rule in self.precedence} - set(codes):
            raise ValueError(f"precedence names leaves that do not exist: {', '.join(sorted(unknown))}")
        if missing := {EMPTY_CALL, UNCERTAIN} - {category.code for category in self.categories}:
            raise ValueError(f"the pipeline itself decides on these categories, they must exist: {', '.join(missing)}")
        return self

    def _walk(self) -> Iterator[Leaf]:
        for category in self.categories:
            if category.sub_categories:
                yield from (Leaf(category.code, sub.code) for sub in category.sub_categories)
            else:
                yield Leaf(category.code, None)

    @cached_property
    def leaves(self) -> dict[str, Leaf]:
        """Every leaf by its code, in the file's order."""
        return {leaf.code: leaf for leaf in self._walk()}

    def leaf(self, category: str, sub_category: str | None) -> Leaf:
        """Return the leaf that an answer names.

        Raises:
            ValueError: There is no such category, or the sub-category is missing or belongs elsewhere.
        """
        found = Leaf(category, sub_category)
        if self.leaves.get(found.code) != found:
            raise ValueError(f"no leaf {category!r} / {sub_category!r} in taxonomy {self.version}")
        return found

    def described(self, leaf: Leaf) -> SubCategory:
        """Return the entry of the finest level of ``leaf``."""
        category = next(entry for entry in self.categories if entry.code == leaf.category)
        return next((sub for sub in category.sub_categories if sub.code == leaf.sub_category), category)

    def title(self, leaf: Leaf, language: str = "en") -> str:
        """Return the name of a leaf as people read it, for example ``Unnecessary Call · Complaint``."""
        category = next(entry for entry in self.categories if entry.code == leaf.category)
        names = [category.name] + ([self.described(leaf).name] if leaf.sub_category else [])
        return " · ".join(getattr(name, language) for name in names)


@cache
def _shipped() -> Taxonomy:
    return _read(_SHIPPED)


def _read(path: Path) -> Taxonomy:
    import yaml  # noqa: PLC0415 - 3 MB, and half of the workers load no taxonomy

    try:
        content = yaml.safe_load(composed(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from error
    return Taxonomy.model_validate(content)
