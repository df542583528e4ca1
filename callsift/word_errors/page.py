"""Word errors as one page that works without a network."""

from pathlib import Path

from callsift.html_page import html_page
from callsift.word_errors.figures import WordErrors

_TEMPLATE = Path(__file__).with_name("page.html")


def page(errors: WordErrors, skipped: int) -> str:
    """Make the page; ``skipped`` turns of the sheet did not count."""
    return html_page(_TEMPLATE, errors=errors, skipped=skipped)
