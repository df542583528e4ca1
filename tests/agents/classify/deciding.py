"""One classifier that decides about every call."""

from agents.classify.classifier import Classifier
from agents.classify.deciders import Deciders
from schemas import Taxonomies, Taxonomy


def deciding(classifier: Classifier, taxonomy: Taxonomy) -> Deciders:
    return Deciders(Taxonomies(taxonomy), lambda _: classifier)
