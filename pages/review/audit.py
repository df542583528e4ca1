"""The audit report for people: one page made of the signed lines and of nothing else, so that the two cannot differ."""

import hashlib
import json
from collections.abc import Sequence

from pages.page import Pages
from pages.review.view import of_code
from pages.words import Language
from review.proportions import ENOUGH


def audit_page(pages: Pages, lines: Sequence[str], name: str, language: Language) -> str:
    """Return a report as a page that needs nothing besides itself: no script, no other file, no network.

    Args:
        pages: What has the templates.
        lines: The report, as ``review.report.write_report`` returns it.
        name: What the file of these lines is called; the page says how to check both.
        language: What the page is written in.
    """
    head, *calls, figures, last = map(json.loads, lines)
    template = pages.templates.get_template("review_audit.html")
    return template.render(
        t=language.t,
        say=language,
        title_of=lambda code: of_code(code, language.code).title,
        head=head,
        calls=calls,
        figures=figures,
        last=last,
        name=name,
        enough=ENOUGH,
        digest=hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest(),
    )
