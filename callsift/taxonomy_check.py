"""What is doubtful about a taxonomy that breaks no rule, or about several together. Pure."""

import re
from collections.abc import Iterator
from itertools import combinations

from schemas import Leaf, Taxonomies, Taxonomy
from schemas.taxonomy import EMPTY_CALL

_ALIKE = 0.6
"""Share of common words from which on two definitions are said to overlap. The shipped ones reach 0.36."""
_WORD = re.compile(r"\w{4,}")
_CODE = re.compile(r"\(([a-z][a-z0-9_]*_[a-z0-9_]*)\)")
"""A code in brackets, as ``excludes`` names where else a call belongs; one word may be plain speech."""


def doubts(taxonomy: Taxonomy) -> Iterator[str]:
    """Yield what a person should look at, a sentence each, the worst first."""
    leaves = list(taxonomy.leaves.values())
    yield from _out_of_reach(taxonomy)
    yield from _overlaps(taxonomy, leaves)
    for leaf in leaves:
        entry = taxonomy.described(leaf)
        for code in _CODE.findall(" ".join(entry.excludes)):
            if code not in taxonomy.leaves:
                yield f"{leaf.code}: excludes leads to {code}, which is no category; correct the code"
        if not entry.examples and leaf.code != EMPTY_CALL:
            yield f"{leaf.code}: no examples; write two or three things that callers say"
    yield from _untranslated(taxonomy)
    for question in taxonomy.questions:
        if {*question.categories} == {EMPTY_CALL}:
            yield f"question {question.code}: asked only of empty calls, in which nothing is said; it is never answered"
    if not taxonomy.company.strip():
        yield "company: empty; a hosted model does not know what you do"


def doubts_together(taxonomies: Taxonomies) -> Iterator[str]:
    """Yield what a person should look at where several are in use."""
    for (place, (route, _)), (earlier, (before, _)) in combinations([*enumerate(taxonomies.routes, 1)][::-1], 2):
        has_its_queues = not before.queue or (route.queue and {*route.queue} <= {*before.queue})
        if has_its_queues and before.metadata.items() <= route.metadata.items():
            yield f"route {place}, to {route.taxonomy}, never holds: route {earlier} fits all of its calls before"
    for one, other in combinations(taxonomies.all, 2):
        codes, others = (Taxonomies(each).codes for each in (one, other))
        for code in codes:
            if code in others and codes[code] != others[code]:
                yield (
                    f"{code}: not of the same category in {one.version} and in {other.version}, so that lists and "
                    "figures of it miss some calls; give one another code"
                )


def _out_of_reach(taxonomy: Taxonomy) -> Iterator[str]:
    """A rule that says what an earlier one says never decides."""
    first: dict[str, str] = {}
    reached = set()
    for rule in taxonomy.precedence:
        said = " ".join(rule.when.lower().split())
        if first.setdefault(said, rule.leaf) == rule.leaf:
            reached.add(rule.leaf)
    ruled = {rule.leaf for rule in taxonomy.precedence}
    for code in taxonomy.leaves:
        if code not in ruled:
            yield f"{code}: no line of precedence leads to it; a call that fits two categories never comes here"
        elif code not in reached:
            yield f"{code}: precedence never leads to it, an earlier line says the same of another category"


def _overlaps(taxonomy: Taxonomy, leaves: list[Leaf]) -> Iterator[str]:
    for one, other in combinations(leaves, 2):
        first, second = taxonomy.described(one), taxonomy.described(other)
        common = {*_words(first.definition)} & {*_words(second.definition)}
        every = {*_words(first.definition), *_words(second.definition)}
        if every and len(common) / len(every) >= _ALIKE:
            yield f"{one.code} and {other.code}: definitions overlap; say in `excludes` what tells them apart"
        for said in sorted({*first.examples} & {*second.examples}):
            yield f"{one.code} and {other.code}: both have the example “{said}”; keep one"


def _untranslated(taxonomy: Taxonomy) -> Iterator[str]:
    entries = [entry for category in taxonomy.categories for entry in (category, *category.sub_categories)]
    languages = {language for entry in entries for language in entry.name}
    for entry in entries:
        if missing := sorted(languages - entry.name.keys()):
            yield f"{entry.code}: no name in {', '.join(missing)}, which others have"
    for question in taxonomy.questions:
        for code, texts in [(question.code, question.text), *((one.code, one.name) for one in question.options)]:
            if missing := sorted(languages - texts.keys()):
                yield f"question {question.code}: {code} is not said in {', '.join(missing)}, which categories are"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
