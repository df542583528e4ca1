"""The summary of a day: what calls were, what was lost and what failed, beside two days before. No personal data."""

from pages.summary.figures import Pipeline, Summary, pipeline_of, summarize
from pages.summary.view import as_csv, as_html, as_text, title

__all__ = ["Pipeline", "Summary", "as_csv", "as_html", "as_text", "pipeline_of", "summarize", "title"]
