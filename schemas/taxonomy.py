"""The categories of a call, as taxonomy.yaml names them: those that callsift comes with, or those of its user."""

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from schemas.names import Code, Names, named, repeated
from schemas.question import MOST_QUESTIONS, Question
from schemas.taxonomy_file import FILE, ROUTES, InvalidTaxonomy, read_yaml

EMPTY_CALL = "empty_call"
UNCERTAIN = "uncertain"
_SHIPPED = Path(__file__).with_name("taxonomy.yaml")

Meaning = Literal["lost", "call_back", "complaint"]
"""What the product itself does with a category: ``lost`` is the one whose sub-categories say why nothing came of a
call, ``call_back`` holds those who want to be called, ``complaint`` those who complain."""


class SubCategory(BaseModel):
    """What a call can be for, and how to tell."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: Code
    """What events and documents say."""
    name: Names
    """What people read, by language."""
    definition: str
    """When a call belongs here, in one sentence."""
    belongs: tuple[str, ...] = ()
    """Cases that belong here although one might doubt it."""
    excludes: tuple[str, ...] = ()
    """Cases that do not, and where they belong instead."""
    examples: tuple[str, ...] = ()
    """What callers say, in their language."""
    means: Meaning | None = None
    """What the product itself does with it: lost, call_back, complaint; null: nothing."""

    def title(self, language: str = "en") -> str:
        """Return the name in a language; where there is none, in English, else in the first that there is."""
        return named(self.name, language)


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

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: str = Field(min_length=1, max_length=64)
    company: str
    categories: tuple[Category, ...]
    precedence: tuple[Rule, ...]
    remarks: tuple[str, ...] = ()
    """What a hosted model is told besides, a sentence each."""
    questions: tuple[Question, ...] = Field(default=(), max_length=MOST_QUESTIONS)
    """What is asked of a call beside its category."""
    _folder: Path | None = PrivateAttr(default=None)

    @staticmethod
    def load(path: Path | None = None) -> "Taxonomy":
        """Read a taxonomy file; without a path return the one in use, which is read once.

        Raises:
            InvalidTaxonomy: There is no such file, or it is no taxonomy; the message names line, field and rule. Or
                several are in use: which one is meant says ``Taxonomies``.
        """
        return _read_once(_in_use / FILE if _in_use else _SHIPPED) if path is None else _read(path)

    @staticmethod
    def shipped() -> "Taxonomy":
        """Return the one that callsift comes with, whatever is in use."""
        return _read_once(_SHIPPED)

    @model_validator(mode="after")
    def _codes_are_sound(self) -> Self:
        codes = [leaf.code for leaf in self._walk()]
        named_codes = [*codes, *(category.code for category in self.categories if category.sub_categories)]
        if twice := repeated(named_codes):
            raise ValueError(f"two leaves share a code; codes are unique over the whole taxonomy: {', '.join(twice)}")
        if unknown := {rule.leaf for rule in self.precedence} - set(codes):
            raise ValueError(f"precedence names leaves that do not exist: {', '.join(sorted(unknown))}")
        plain = {category.code for category in self.categories if not category.sub_categories}
        if missing := {EMPTY_CALL, UNCERTAIN} - plain:
            raise ValueError(
                "the pipeline itself decides on these categories, they must exist: "
                f"{', '.join(sorted(missing))} (without sub-categories)"
            )
        return self

    @model_validator(mode="after")
    def _a_meaning_has_one_category(self) -> Self:
        if twice := repeated(entry.means for entry in self._entries() if entry.means):
            raise ValueError(f"only one category can mean the same to the product: {', '.join(twice)}")
        if any(category.means == "lost" and not category.sub_categories for category in self.categories):
            raise ValueError("the category that means lost needs sub-categories: they say why")
        if any(sub.means == "lost" for category in self.categories for sub in category.sub_categories):
            raise ValueError("only a category with sub-categories can mean lost, no sub-category")
        return self

    @model_validator(mode="after")
    def _questions_are_sound(self) -> Self:
        if twice := repeated(question.code for question in self.questions):
            raise ValueError(f"two questions share a code: {', '.join(twice)}")
        known = {entry.code for entry in self._entries()}
        if unknown := sorted({code for question in self.questions for code in question.categories} - known):
            raise ValueError(f"questions are for categories that do not exist: {', '.join(unknown)}")
        return self

    def _walk(self) -> Iterator[Leaf]:
        for category in self.categories:
            if category.sub_categories:
                yield from (Leaf(category.code, sub.code) for sub in category.sub_categories)
            else:
                yield Leaf(category.code, None)

    def _entries(self) -> Iterator[SubCategory]:
        for category in self.categories:
            yield category
            yield from category.sub_categories

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
        entries = [category] + ([self.described(leaf)] if leaf.sub_category else [])
        return " · ".join(entry.title(language) for entry in entries)

    def questions_of(self, leaf: Leaf) -> tuple[Question, ...]:
        """Return the questions that are asked of the calls of ``leaf``."""
        return tuple(one for one in self.questions if not one.categories or {*leaf} & {*one.categories})

    def code_of(self, meaning: Meaning) -> str | None:
        """Return the code of the category or sub-category that means something to the product; None: none does."""
        return next((entry.code for entry in self._entries() if entry.means == meaning), None)

    def beside(self, name: str) -> Path | None:
        """Return the file of that name in the user's folder; None: there is none, and what is shipped serves."""
        path = self._folder / name if self._folder else None
        return path if path is not None and path.is_file() else None


_in_use: Path | None = None


def use(folder: Path | None) -> None:
    """Take what is in a folder into use, for the whole process; None: the shipped taxonomy. It is not read yet."""
    global _in_use  # noqa: PLW0603 - the one thing that every room asks for, and only an entry point decides
    _in_use = folder


def folder_in_use() -> Path | None:
    """Return the folder that was taken into use; None: the shipped taxonomy is."""
    return _in_use


def _read(path: Path) -> Taxonomy:
    if not path.exists() and path.with_name(ROUTES).is_file():
        raise InvalidTaxonomy(
            f"{path.parent} holds several taxonomies, and this is about one: name its folder, to the command or in "
            "CALLSIFT_TAXONOMY"
        )
    taxonomy = read_yaml(path, Taxonomy)
    taxonomy._folder = None if path == _SHIPPED else path.parent
    return taxonomy


_read_once = cache(_read)
