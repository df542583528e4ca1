"""Word errors as one page that works without a network."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callsift.percent import percent, percents
from callsift.word_errors.figures import WordErrors

_TEMPLATE = Path(__file__).with_name("page.html")


def page(errors: WordErrors, skipped: int) -> str:
    """Make the page; ``skipped`` turns of the sheet did not count."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "percents": percents}
    return environment.get_template(_TEMPLATE.name).render(errors=errors, skipped=skipped)
