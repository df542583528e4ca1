"""Turkish."""

from agents.transcribe.languages.language import Language
from agents.transcribe.languages.tr.inverse_text_normalisation import normalised
from agents.transcribe.languages.tr.letters import lowered
from agents.transcribe.languages.tr.redaction.core import personal
from agents.transcribe.redaction import Kind

TURKISH = Language(
    code="tr",
    lowered=lowered,
    writes_apostrophes=False,
    personal=personal,
    redacts=frozenset(Kind),
    normalised=normalised,
)
