"""What changed between two taxonomies, and which stored calls it concerns. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas import Question, Taxonomy
from schemas.taxonomy import SubCategory

_FIELDS = ("definition", "belongs", "excludes", "examples", "name", "means")
_OF_MEANING = {"definition", "belongs", "excludes", "examples"}
"""What changes where a call belongs; names and what the product does with it do not."""


@dataclass(frozen=True)
class Changes:
    """What changed from one taxonomy to another."""

    versions: tuple[str, str]
    added: tuple[str, ...]
    """Leaves that only the second has."""
    removed: tuple[str, ...]
    """Leaves that only the first has."""
    moved: tuple[str, ...]
    """Leaves that are of another category."""
    changed: dict[str, tuple[str, ...]]
    """Which fields of a category or sub-category changed, by its code."""
    whole: tuple[str, ...]
    """What changed for all calls: company, remarks, precedence."""
    questions: dict[str, str]
    """What became of a question, by its code: new, gone, or which fields changed."""

    @property
    def concerned(self) -> tuple[str, ...] | None:
        """Leaves whose stored calls would have to be classified again; None: all calls."""
        # calls of a leaf that is not there any more cannot be asked for by it
        if self.added or self.removed or self.moved or self.whole or {*self.questions.values()} - {"gone"}:
            return None
        meant = (code for code, fields in self.changed.items() if _OF_MEANING & set(fields))
        return tuple(dict.fromkeys(meant))

    @property
    def keeps_version(self) -> bool:
        """Whether they differ and have the same version: outcomes could not be told apart."""
        is_same = not (self.added or self.removed or self.moved or self.changed or self.whole or self.questions)
        return self.versions[0] == self.versions[1] and not is_same

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield what changed: the code, and how."""
        yield from ((code, "new") for code in self.added)
        yield from ((code, "gone") for code in self.removed)
        yield from ((code, "in another category") for code in self.moved)
        yield from ((code, f"changed: {', '.join(fields)}") for code, fields in self.changed.items())
        yield from (("all calls", f"changed: {part}") for part in self.whole)
        yield from ((f"question {code}", change) for code, change in self.questions.items())


def changes(before: Taxonomy, after: Taxonomy) -> Changes:
    """Return what changed."""
    both = [code for code in before.leaves if code in after.leaves]
    entries, entries_after = _entries(before), _entries(after)
    fields = {
        code: tuple(name for name in _FIELDS if getattr(entry, name) != getattr(entries_after[code], name))
        for code, entry in entries.items()
        if code in entries_after
    }
    rules = [[(rule.when, rule.leaf) for rule in one.precedence if rule.leaf in {*both}] for one in (before, after)]
    whole = [name for name in ("company", "remarks") if getattr(before, name) != getattr(after, name)]
    return Changes(
        (before.version, after.version),
        tuple(code for code in after.leaves if code not in before.leaves),
        tuple(code for code in before.leaves if code not in after.leaves),
        tuple(code for code in both if before.leaves[code] != after.leaves[code]),
        {code: names for code, names in fields.items() if names},
        (*whole, *(["precedence"] if rules[0] != rules[1] else [])),
        dict(_questions(before, after)),
    )


def _questions(before: Taxonomy, after: Taxonomy) -> Iterator[tuple[str, str]]:
    asked, asked_after = ({one.code: one for one in taxonomy.questions} for taxonomy in (before, after))
    yield from ((code, "new") for code in asked_after if code not in asked)
    for code, question in asked.items():
        if code not in asked_after:
            yield code, "gone"
        elif names := [
            name for name in Question.model_fields if getattr(question, name) != getattr(asked_after[code], name)
        ]:
            yield code, f"changed: {', '.join(names)}"


def _entries(taxonomy: Taxonomy) -> dict[str, SubCategory]:
    upper = {category.code: category for category in taxonomy.categories}
    return upper | {leaf.code: taxonomy.described(leaf) for leaf in taxonomy.leaves.values()}
