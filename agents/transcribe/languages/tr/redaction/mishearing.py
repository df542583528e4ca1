"""Number words that a recogniser heard with one wrong letter: ``yöz``, ``tokuz``, ``dürt``, between other numbers."""

import re
from collections.abc import Iterator

from agents.transcribe.languages.text import words
from agents.transcribe.languages.tr.letters import lowered

_NUMBER_WORDS = words("""
    sıfır bir iki üç dört beş altı yedi sekiz dokuz on yirmi otuz kırk elli altmış yetmiş seksen doksan yüz bin
""")
_ALIKE = ("pb", "td", "kg", "çc", "sz", "fv", "mn", "ae", "ıi", "ou", "öü", "şs", "öo", "üu")
"""Letters that recognisers take for one another."""
_OTHER_WORDS = words("an aldı baş en in peş pin un uç om bim bun yedim bis bız")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_SURE_LETTERS = 4
"""A word of so many letters needs one number beside it, a shorter one two."""


def _misheard() -> Iterator[tuple[str, str]]:
    for pairs in _ALIKE:
        for one, other in (tuple(pairs), tuple(pairs[::-1])):
            for word in _NUMBER_WORDS:
                for place, letter in enumerate(word):
                    if letter == one:
                        yield word[:place] + other + word[place + 1 :], word


_MEANT = {heard: meant for heard, meant in _misheard() if heard not in _OTHER_WORDS | _NUMBER_WORDS}


def with_number_words(text: str) -> str:
    """Return the text with misheard number words as they were meant, each in its old place."""
    low = lowered(text)
    found = list(_WORD.finditer(low))
    if not any(match[0] in _MEANT for match in found):
        return text
    own = [match[0].isdecimal() or match[0] in _NUMBER_WORDS for match in found]
    pieces, done = [], 0
    for place, match in enumerate(found):
        meant = _MEANT.get(match[0])
        beside = sum(own[max(0, place - 1) : place]) + sum(own[place + 1 : place + 2])
        if meant and beside > (len(meant) < _SURE_LETTERS):
            pieces += [text[done : match.start()], meant]
            done = match.end()
            own[place] = True
    return "".join([*pieces, text[done:]])
