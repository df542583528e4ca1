"""How words are written, whoever wrote them: as Vosk writes them."""

import re
import unicodedata

from agents.transcribe.languages import language_of

_EDGES = re.compile(r"^\W+|\W+$")


def plain(text: str, language: str) -> str:
    """Return a written word as Vosk writes it: lower case, no punctuation around it; nothing if it is only that.

    Args:
        text: One word.
        language: Its language, as a BCP 47 tag.
    """
    own = language_of(language)
    text = own.lowered(unicodedata.normalize("NFC", text).replace("’", "'"))
    return _EDGES.sub("", text if own.writes_apostrophes else text.replace("'", ""))
