"""What the transcribe stage has to know of a language: the contract of each folder beside this file."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from agents.transcribe.redaction import Cleared, Kind, Redacted, Said, redact, redacted_turns
from agents.transcribe.redaction.core import Personal
from agents.transcribe.redaction.transcript import Lowered, Normalised
from schemas import Turn


@dataclass(frozen=True)
class Language:
    """One language. All of it is pure, and nothing of it raises, whatever the text."""

    code: str
    """Its primary subtag in BCP 47: ``en``. Empty for any language that has no folder."""
    lowered: Lowered
    """Gives a text in lower case, each character in its old place."""
    writes_apostrophes: bool
    """Whether a recogniser writes apostrophes inside words (``don't``), or only people do (``Ali'ye``)."""
    personal: Personal
    """Says where a conversation has something personal."""
    redacts: Set[Kind]
    """What of it is found however it is said. The other kinds are found where they are written in digits or signs."""
    normalised: Normalised | None = None
    """Gives a text with its number words as digits; None where nobody has written that for the language."""

    def redact(self, turns: Sequence[Said]) -> Redacted:
        """Replace everything personal in a conversation by placeholders; a second time changes nothing."""
        return redact(turns, self.personal)

    def cleared(self, turns: Sequence[Turn], *, normalise: bool = False) -> Cleared:
        """Return a transcript without personal data, see ``redacted_turns``.

        Args:
            turns: What was said.
            normalise: Give every turn its normalised text; else those alone that have one already.
        """
        return redacted_turns(turns, self.redact, self.normalised or str, normalise=normalise)

    def transcript(self, turns: Sequence[Turn]) -> Cleared:
        """Return a transcript without personal data, and with numbers in digits where the language has that."""
        return self.cleared(turns, normalise=self.normalised is not None)
