"""What decides an answer: settings, taxonomy, prompt and model. One of them is in use, another may be in its shadow."""

from dataclasses import dataclass, field

from agents.classify.agent import SHIPPED, Files
from agents.classify.settings import ClassifySettings
from schemas import Taxonomy


@dataclass(frozen=True)
class Version:
    """All that decides what a call is said to be for."""

    settings: ClassifySettings
    taxonomy: Taxonomy = field(default_factory=Taxonomy.load)
    files: Files = SHIPPED

    @property
    def is_shipped(self) -> bool:
        """Whether taxonomy, prompt and model are those that come with callsift."""
        return self.taxonomy is Taxonomy.load() and self.files == SHIPPED
