"""Turkish letters and endings: what ``str.lower`` and a list of number words alone do not know."""

from collections.abc import Iterator
from dataclasses import dataclass

_VOWELS = "aeıioöuü"
_FRONT = "eiöü"
_ROUND = "oöuü"
_VOICELESS = "çfhkpsşt"


def lowered(text: str) -> str:
    """Return the text in lower case as Turkish writes it (I → ı, İ → i), each character in its old place."""
    return "".join(
        low if len(low := letter.lower()) == 1 else letter for letter in text.replace("I", "ı").replace("İ", "i")
    )


@dataclass(frozen=True)
class Ending:
    """A stem's ending."""

    text: str
    """The ending as it follows this stem."""
    own: bool
    """Whether it may also say "of it", or make a pronoun: ``beşi``, ``ikisinde``, ``üçün``."""


def inflected(stem: str, soft: str | None = None) -> Iterator[tuple[str, Ending]]:
    """Yield every inflected form of a number word, with its ending: ``beşte``, ``yirmiye``, ``üçüncüye``, ``ikisinde``.

    Args:
        stem: The bare word.
        soft: The stem as it is before a vowel, where it differs (``dört``: ``dörd``).
    """
    vowel = next(letter for letter in reversed(stem) if letter in _VOWELS)
    front, rounded = vowel in _FRONT, vowel in _ROUND
    a = "e" if front else "a"
    i = ("ü" if rounded else "i") if front else ("u" if rounded else "ı")
    d = "t" if stem[-1] in _VOICELESS else "d"
    open_end = stem[-1] in _VOWELS
    ordinal = f"nc{i}" if open_end else f"{i}nc{i}"
    own = f"s{i}" if open_end else i
    plain = [d + a, f"{d}{a}n", *((f"y{a}", f"y{i}", f"yl{a}") if open_end else (a, f"l{a}")), f"l{i}k", f"l{i}"]
    plain += [ordinal + case for case in ("", f"y{a}", f"y{i}", f"d{a}", f"d{a}n", f"n{i}n")]
    guarded = [f"n{i}n" if open_end else f"{i}n"]
    guarded += [own + case for case in ("", f"n{a}", f"n{i}", f"nd{a}", f"nd{a}n", f"n{i}n")]
    for endings, is_own in ((plain, False), (guarded, True)):
        for ending in endings:
            yield (soft if soft and ending[0] in _VOWELS else stem) + ending, Ending(ending, is_own)
