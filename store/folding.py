"""Words as they are looked for: without case, without marks, and Turkish. Pure."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 64


def fold(text: str) -> str:
    """Return a text with every letter in its plainest form, so that ``İSTANBUL``, ``ıstanbul`` and ``istanbul`` agree.

    All four of İ, I, ı and i become i: who types a capital letter, or has no Turkish keyboard, means the same word.
    """
    for _ in range(2):  # to fold a letter may make one that has marks
        plain = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
        text = "".join(plain).casefold().replace("ı", "i")
    return text


def folded_words(texts: Iterable[str]) -> list[str]:
    """Return the distinct words of some texts, folded, in alphabetical order; letters beyond the 64th are left out."""
    return sorted({word[:_LONGEST] for text in texts for word in _WORD.findall(fold(text))})
