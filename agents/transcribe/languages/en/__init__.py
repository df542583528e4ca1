"""English, as it is spoken in the United Kingdom and in the United States."""

from agents.transcribe.languages.en.inverse_text_normalisation import normalised
from agents.transcribe.languages.en.redaction.core import personal
from agents.transcribe.languages.language import Language
from agents.transcribe.languages.text import lowered
from agents.transcribe.redaction import Kind

ENGLISH = Language(
    code="en",
    lowered=lowered,
    writes_apostrophes=True,
    personal=personal,
    redacts=frozenset(Kind),
    normalised=normalised,
)
