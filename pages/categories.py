"""Categories as pages show them: name and colour. Pure."""

from dataclasses import dataclass
from functools import cache

from schemas import CallOutcome, LeafName, Taxonomy
from schemas.taxonomy import EMPTY_CALL, UNCERTAIN

_COLOURS = 6
"""Colours that page.css has for categories that mean nothing special here."""


@dataclass(frozen=True)
class Category:
    """What a call was."""

    title: str
    colour: str
    """A class of page.css; the title says the same."""
    within: str | None = None
    """The category that this is a sub-category of."""


@dataclass(frozen=True)
class Choice:
    """A category to choose, with what is in it."""

    code: str
    title: str
    below: tuple["Choice", ...] = ()


def category_of(outcome: CallOutcome, language: str) -> Category | None:
    """Return the category of a call; None: it has none. A code of another taxonomy stands for itself."""
    if outcome.category is None:
        return None
    return leaf_category(LeafName(category=outcome.category, sub_category=outcome.sub_category), language)


def leaf_category(leaf: LeafName, language: str) -> Category:
    """Return a leaf as a category; a code of another taxonomy stands for itself."""
    known = {category.code: category for category in taxonomy().categories}
    found = known.get(leaf.category)
    if found is None:
        return Category(leaf.sub_category or leaf.category, "plain")
    names = [found.name, *(sub.name for sub in found.sub_categories if sub.code == leaf.sub_category)]
    *within, title = (getattr(name, language) for name in names)
    return Category(title, _colour(leaf.category, list(known)), *within)


def choices(language: str) -> tuple[Choice, ...]:
    """Return all categories, in the taxonomy's order."""
    return tuple(
        Choice(
            one.code,
            getattr(one.name, language),
            tuple(Choice(sub.code, getattr(sub.name, language)) for sub in one.sub_categories),
        )
        for one in taxonomy().categories
    )


def title_of(code: str, language: str) -> str:
    """Return the name of a category or sub-category, by code; the code itself where there is none."""
    flat = {one.code: one.title for choice in choices(language) for one in (choice, *choice.below)}
    return flat.get(code, code)


@cache
def taxonomy() -> Taxonomy:
    """Return the taxonomy that calls are put into."""
    return Taxonomy.load()


def _colour(code: str, codes: list[str]) -> str:
    if code in {UNCERTAIN, EMPTY_CALL}:
        return code.replace("_", "-")
    return f"colour-{codes.index(code) % _COLOURS + 1}"
