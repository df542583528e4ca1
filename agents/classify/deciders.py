"""Who decides about a call: the classifier of the taxonomy that it is put into."""

from collections.abc import Callable
from typing import NamedTuple

from agents.classify.classifier import Classifier
from schemas import CallFacts, Taxonomies, Taxonomy


class Decider(NamedTuple):
    """A classifier with what it chooses from."""

    taxonomy: Taxonomy
    classifier: Classifier


class Deciders:
    """One for each taxonomy in use, all made at the start: what does not fit stops a worker, and no call."""

    def __init__(self, taxonomies: Taxonomies, make: Callable[[Taxonomy], Classifier]) -> None:
        """Make the classifiers; raises what ``make`` raises."""
        self._taxonomies = taxonomies
        self._by_version = {one.version: Decider(one, make(one)) for one in taxonomies.all}

    def of(self, call: CallFacts) -> Decider:
        """Return who decides about a call."""
        return self._by_version[self._taxonomies.of(call).version]
