"""The trial as one page that works without a network. It quotes what callers said, redacted."""

from pathlib import Path
from typing import Any

from callsift.html_page import html_page
from callsift.trial.run import Tried
from callsift.trial.sizing import BUSIEST_HOUR, UTILISATION, Sizing
from schemas import Taxonomy
from schemas.taxonomy import Leaf

_TEMPLATE = Path(__file__).with_name("page.html")


def page(document: dict[str, Any], tried: list[Tried], sizes: Sizing | None, *, demo_model: bool) -> str:
    """Make the page.

    Args:
        document: What ``--json`` prints.
        tried: The recordings, with their transcripts.
        sizes: What a volume of such calls takes; None: every recording failed.
        demo_model: Whether the demo's speech model heard them: then what was heard says nothing.
    """
    taxonomy = Taxonomy.load()
    return html_page(
        _TEMPLATE,
        {"title": lambda decision: taxonomy.title(Leaf(decision.category, decision.sub_category))},
        document=document,
        tried=tried,
        sizes=sizes,
        demo_model=demo_model,
        busiest_hour=BUSIEST_HOUR,
        utilisation=UTILISATION,
    )
