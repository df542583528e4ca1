"""The taxonomies in use: one, or several, of which a call's queue or metadata chooses (taxonomies.yaml)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from schemas.call_outcome import CallOutcome
from schemas.event import CallFacts
from schemas.taxonomy import Leaf, Meaning, Taxonomy, folder_in_use
from schemas.taxonomy_file import FILE, ROUTES, InvalidTaxonomy, read_yaml


def _quoted(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise ValueError("put it into quotes: YAML makes a number or true or false of it, and 384 of 0600")
    return value


_Text = Annotated[str, BeforeValidator(_quoted), Field(min_length=1)]


class Route(BaseModel):
    """Which calls a taxonomy is for: those that fit all that is said."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    taxonomy: str = Field(min_length=1)
    """Its folder, beside the file."""
    queue: Annotated[tuple[_Text, ...], BeforeValidator(lambda said: said if isinstance(said, list) else [said])] = ()
    """Queues, any of which fits."""
    metadata: dict[_Text, _Text] = Field(default_factory=dict)
    """Values of the metadata by key, all of which fit. A key may be a path: campaign.name."""

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not self.queue and not self.metadata:
            raise ValueError("say for which calls: queue, metadata or both; for all others there is default")
        return self

    def fits(self, call: CallFacts) -> bool:
        """Tell whether a call is meant."""
        return (not self.queue or call.queue in self.queue) and all(
            _text(_at(call.metadata, key)) == value for key, value in self.metadata.items()
        )


class _Routes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    default: str | None = Field(default=None, min_length=1)
    routes: tuple[Route, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Taxonomies:
    """The taxonomy of each call."""

    default: Taxonomy
    """That of calls for which there is no other."""
    routes: tuple[tuple[Route, Taxonomy], ...] = ()
    """Which calls others are for; the first that fits holds."""

    @staticmethod
    def load(folder: Path | None = None) -> "Taxonomies":
        """Read a folder's taxonomies, or its only one; without a folder return those in use, which are read once.

        Raises:
            InvalidTaxonomy: A file cannot be used, or two taxonomies have the same version.
        """
        return _read(folder) if folder else _read_once(folder_in_use())

    @cached_property
    def all(self) -> tuple[Taxonomy, ...]:
        """Each of them, the default one first."""
        found = (self.default, *(taxonomy for _, taxonomy in self.routes))
        return tuple({taxonomy.version: taxonomy for taxonomy in found}.values())

    def of(self, call: CallFacts) -> Taxonomy:
        """Return the taxonomy that a call is put into."""
        return next((taxonomy for route, taxonomy in self.routes if route.fits(call)), self.default)

    def behind(self, outcome: CallOutcome) -> Taxonomy:
        """Return the taxonomy that an outcome's codes are of: the one that decided, or its successor on the route."""
        version = outcome.versions.taxonomy if outcome.versions else None
        return next((one for one in self.all if one.version == version), self.of(outcome))

    def having(self, category: str, sub_category: str | None = None) -> Taxonomy | None:
        """Return the first taxonomy that has a category, with the sub-category if one is named; None: none has."""
        for one in self.all:
            codes = {found.code: {sub.code for sub in found.sub_categories} for found in one.categories}
            if category in codes and (sub_category is None or sub_category in codes[category]):
                return one
        return None

    @cached_property
    def leaves(self) -> dict[str, Leaf]:
        """Every leaf by its code; of two with the same code that of the first taxonomy."""
        return {code: leaf for one in reversed(self.all) for code, leaf in one.leaves.items()}

    @cached_property
    def codes(self) -> dict[str, Leaf]:
        """Every category and sub-category by its code; what is a category in one of them is meant as that."""
        return self.leaves | {found.code: Leaf(found.code, None) for one in self.all for found in one.categories}

    def codes_of(self, meaning: Meaning) -> frozenset[str]:
        """Return the codes that mean something to the product, at the most one of each taxonomy."""
        return frozenset(code for one in self.all if (code := one.code_of(meaning)))


def _read(folder: Path | None) -> Taxonomies:
    if folder is None:
        return Taxonomies(Taxonomy.shipped())
    path = folder / ROUTES
    if not path.is_file():
        return Taxonomies(Taxonomy.load(folder / FILE))
    if (folder / FILE).exists():
        raise InvalidTaxonomy(f"{folder} has both {FILE} and {ROUTES}; keep one")
    said = read_yaml(path, _Routes)
    names = dict.fromkeys(route.taxonomy for route in said.routes)
    read = {name: Taxonomy.load(folder / name / FILE) for name in ([said.default] if said.default else []) + [*names]}
    default = read[said.default] if said.default else Taxonomy.shipped()
    by_version: dict[str, str] = {} if said.default else {default.version: "what callsift comes with"}
    for name, taxonomy in read.items():
        if (other := by_version.setdefault(taxonomy.version, name)) != name:
            raise InvalidTaxonomy(
                f"{path}: {name} and {other} both have version {taxonomy.version}, by which outcomes are told apart; "
                "begin each with its name"
            )
    return Taxonomies(default, tuple((route, read[route.taxonomy]) for route in said.routes))


_read_once = cache(_read)


def _at(metadata: Mapping[str, Any], path: str) -> JsonValue:
    value: Any = metadata
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    found: JsonValue = value
    return found


def _text(value: JsonValue) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
