"""Categories as pages show them: name and colour. Pure."""

from dataclasses import dataclass, replace

from pages.words import Language
from schemas import CallOutcome, Taxonomies, Taxonomy
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


def category_of(outcome: CallOutcome, language: Language) -> Category | None:
    """Return the category of a call, or how one without a recording went; None: it failed.

    A code of a taxonomy that is not in use stands for itself.
    """
    if outcome.category is not None:
        taxonomy = Taxonomies.load().behind(outcome)
        return category_named(outcome.category, outcome.sub_category, language.code, taxonomy)
    if outcome.state != "unrecorded" or outcome.disposition is None:
        return None
    return how_it_went(outcome.disposition, language)


def how_it_went(disposition: str, language: Language) -> Category:
    """Return what stands in the place of a category where a call has no recording."""
    return Category(language.t(f"disposition.{disposition}"), "plain", language.t("state.unrecorded"))


def category_named(code: str, sub_code: str | None, language: str, taxonomy: Taxonomy | None = None) -> Category:
    """Return the category of these codes in a taxonomy; without one, in the first that has them."""
    taxonomy = taxonomy or Taxonomies.load().having(code, sub_code)
    known = {category.code: category for category in taxonomy.categories} if taxonomy else {}
    found = known.get(code)
    if found is None:
        return Category(sub_code or code, "plain")
    entries = [found, *(sub for sub in found.sub_categories if sub.code == sub_code)]
    *within, title = (entry.title(language) for entry in entries)
    return Category(title, _colour(code, list(known)), *within)


def choices(language: str, taxonomy: Taxonomy | None = None) -> tuple[Choice, ...]:
    """Return all categories in their order: those of a taxonomy, or of all that are in use.

    A category that several have is there once, with the sub-categories of each, and named as the first names it.
    """
    found: dict[str, Choice] = {}
    for one in (entry for each in ([taxonomy] if taxonomy else Taxonomies.load().all) for entry in each.categories):
        known = found.get(one.code, Choice(one.code, one.title(language)))
        below = {sub.code: sub for sub in known.below}
        more = [Choice(sub.code, sub.title(language)) for sub in one.sub_categories if sub.code not in below]
        found[one.code] = replace(known, below=(*known.below, *more))
    return tuple(found.values())


def title_of(code: str, language: str, taxonomy: Taxonomy | None = None) -> str:
    """Return the name of a category or sub-category, by code; the code itself where there is none."""
    flat = [(one.code, one.title) for choice in choices(language, taxonomy) for one in (choice, *choice.below)]
    return next((title for known, title in flat if known == code), code)


def filter_of(code: str, taxonomy: Taxonomy | None = None) -> tuple[str, str]:
    """Return what the list of calls is asked for to show those of a category or sub-category."""
    leaf = (taxonomy.leaves if taxonomy else Taxonomies.load().codes).get(code)
    return ("sub_category" if leaf and leaf.sub_category else "category", code)


def _colour(code: str, codes: list[str]) -> str:
    if code in {UNCERTAIN, EMPTY_CALL}:
        return code.replace("_", "-")
    return f"colour-{codes.index(code) % _COLOURS + 1}"
