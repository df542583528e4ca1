"""How words are written, whoever wrote them: as Vosk writes them."""

import re
import unicodedata

from agents.transcribe.turkish import lowered

_EDGES = re.compile(r"^\W+|\W+$")


def plain(text: str, language: str) -> str:
    """Return a written word as Vosk writes it: lower case, no punctuation around it; nothing if it is only that.

    Turkish parts endings from names by an apostrophe, which nobody says and Vosk does not write; English contracts
    with one.
    """
    text = unicodedata.normalize("NFC", text).replace("’", "'")
    turkish = language.casefold().startswith("tr")
    text = lowered(text).replace("'", "") if turkish else text.lower()
    return _EDGES.sub("", text)
