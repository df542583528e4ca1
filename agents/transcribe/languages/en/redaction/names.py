"""Names of people: after what introduces them, as answers, and given names that are nothing else."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from agents.transcribe.languages.en.redaction.cues import Cue, Topic, context
from agents.transcribe.languages.en.redaction.tokens import NATO, Token
from agents.transcribe.languages.text import words
from agents.transcribe.redaction import Kind, Said, Span

_TITLES = words("mr mrs ms miss mister missus dr doctor prof professor sir")
_INTRODUCES = re.compile(
    r"(?:name(?:'s| is| was)|i'm called|call me|ask for|goes by|surname(?: is)?|under the name(?: of)?"
    r"|last name|first name)$"
)
"""After which nearly everything is a name."""
_PRESENTS = words("is i'm it's speaking to for with and from by my you're see saw ask calling here's that's")
"""After which a name that is also a word is one."""
_FOLLOWS = words("speaking here calling again")
_STOPS = words(
    "a about after again all alright also always am an and any anyone are aren't as ask at available away back bad "
    "be because been before being better book booked booking both but by bye call called calling can can't cancel "
    "change check come could couldn't day days dear did didn't do does doesn't doing don't done down each email "
    "else er erm every everything fine first for from get getting give go going gone good got great had has have "
    "haven't having he he's hello help her here hers hi him his hold hope how i i'd i'll i'm i've if in into is "
    "isn't it it'll it's its just keep know last late later leave left let let's like line little long look looking "
    "lot lovely make maybe me mean mine moment more morning most much my name named need never new next no nobody "
    "not nothing now number of off oh ok okay old on once one only open or other our out over own patient perfect "
    "phone please probably problem put quite really right running said same say saying see she she's should since "
    "so some someone something soon sorry speak speaking spell spelled spelling spelt still stop such sure surname "
    "take talk talking tell thank thanks that that's the their them then there there's these they they're thing "
    "things think this those three through to today together tomorrow too try trying two uh um under until up us "
    "use used very wait waiting want wants was we we'll we're we've well went were what what's when where which "
    "while who who's whose why will with won't would yeah yep yes yesterday yet you you'd you'll you're you've your "
    "yours double capital letter dot e silent hyphen practice clinic dental surgery dentist doctor hygienist "
    "reception receptionist monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august september october november december appointment afternoon evening pain tooth teeth afraid "
    "able interested ringing wondering due free happy registered mum mom dad mother father son daughter wife "
    "husband brother sister sir madam miss mrs mr ms family second third full middle maiden correct date birth "
    "address postcode card account spells time years year week weeks minutes half past o'clock exactly alone "
    "allergic worried"
)
_LEAD = words(
    "um uh er erm yes yeah yep sure it's its it is that's i'm oh okay ok of course so my name name's the this hi "
    "hello right certainly well"
)
_GREETS = words(
    "hi hello hey dear thanks you bye cheers okay ok alright right sorry lovely perfect great morning evening"
)
_NO_NAME = re.compile(r"(?:ing|ed|ly|tion|n't|'s|s')\Z|^.{1,2}\Z")
_MISSES = words("to i i'll we they don't didn't won't not might may can't a the did will")
_LONGEST = 3
_SHORT_ANSWER = 9
_LEAST_LETTERS = 3
_BEFORE_SPELT = 4
"""Words between a name and its spelling."""
_JOINS = {"hyphen", "dash", "o", "mc", "mac", "van", "de", "da", "von", "al", "el", "bin", "st"}


class Names(NamedTuple):
    """Names, in lower case."""

    given: frozenset[str]
    also_words: frozenset[str]
    surnames: frozenset[str]


def name_spans(
    turns: Sequence[Said], heard: Sequence[Sequence[Token]], cues: Sequence[Sequence[Cue]]
) -> Iterator[Span]:
    """Yield every name of a person, also where it is said again."""
    found: list[tuple[Sequence[Token], int, int]] = []
    for at, turn in enumerate(heard):
        asked = _asked(turns, cues, at)
        own = [*_said(turn), *(_answer(turn) if asked else ())]
        own += _spelt(turn, cues, [end for _, end in own])
        found += [(turn, *place) for place in own]
    again = {
        _bare(token.text)
        for turn, start, end in found
        for token in turn[start:end]
        if not token.code and len(token.text) > 2 and _bare(token.text) not in _STOPS
    }
    for turn in heard:
        found += [(turn, token.place, token.place + 1) for token in turn if _bare(token.text) in again]
    for turn, start, end in found:
        last = turn[end - 1]
        yield Span(
            last.turn, turn[start].start, last.start + len(_bare(last.text)) if not last.code else last.end, Kind.PERSON
        )


def _bare(word: str) -> str:
    return word.removesuffix("'s") if not word.endswith("''s") else word


def _is_word(token: Token) -> bool:
    return not token.code and not token.text.startswith("[") and len(token.text) > 1


def _may_be_name(token: Token) -> bool:
    return _is_word(token) and _bare(token.text) not in _STOPS


def _said(turn: Sequence[Token]) -> Iterator[tuple[int, int]]:
    names = known_names()
    for at, token in enumerate(turn):
        word = _bare(token.text)
        if (word in names.given and (not token.letters or token.text not in NATO)) or (
            word in names.also_words and _is_clear(turn, at)
        ):
            yield at, _whole(turn, at)
        elif (
            word in _TITLES
            and not _is_verb(turn, at)
            and at + 1 < len(turn)
            and _after_title(turn[at + 1], word, names)
        ):
            yield at + 1, _whole(turn, at + 1)
        elif place := _introduced(turn, at):
            yield place


def _is_verb(turn: Sequence[Token], at: int) -> bool:
    """Return whether ``miss`` says that something is missed."""
    return turn[at].text == "miss" and at > 0 and turn[at - 1].text in _MISSES


def _after_title(token: Token, title: str, names: Names) -> bool:
    known = token.text in names.given | names.surnames | names.also_words
    return _may_be_name(token) and (known or title not in {"doctor", "sir"})


def _is_clear(turn: Sequence[Token], at: int) -> bool:
    """Return whether a name that is also a word is meant as a name."""
    before = turn[at - 1].text if at else ""
    following = turn[at + 1].text if at + 1 < len(turn) else ""
    names = known_names()
    has_surname = following in names.surnames and following not in _STOPS and following not in names.given
    if before in {"it's", "i'm", "this", "speaking"} and following and following not in _STOPS:
        has_surname = has_surname or _is_surname(turn, at, at + 1)
    is_introduced = before in {"i'm", "speaking", "name's", "hi", "hello", "dear", "thanks"} or (
        before == "is" and at > 1 and turn[at - 2].text in {"this", "name", "here"}
    )
    return is_introduced or following in _FOLLOWS - {"here", "again"} or (has_surname and before in _PRESENTS | {""})


def _whole(turn: Sequence[Token], at: int) -> int:
    """Return the place after a name that begins at a place: with a second given name, or a surname."""
    names = known_names()
    end = at + 1
    if turn[at].text.endswith("'s"):
        return end
    while end < len(turn) and end - at < _LONGEST:
        word = _bare(turn[end].text)
        known = word in names.surnames or word in names.given or word in _JOINS
        if not (known or _is_surname(turn, at, end)) or not _may_be_name(turn[end]):
            break
        end += 1
    while end > at + 1 and turn[end - 1].text in _JOINS:
        end -= 1
    return end


def _is_surname(turn: Sequence[Token], at: int, end: int) -> bool:
    """Return whether a word that nobody has listed is a surname: it ends what a given name began."""
    before = turn[at - 1].text if at else ""
    following = turn[end + 1].text if end + 1 < len(turn) else ""
    ends_here = not following or following in _STOPS
    return before not in _GREETS and ends_here and _NO_NAME.search(turn[end].text) is None


def _introduced(turn: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Return the name that a phrase just before a place introduces."""
    if not at or not _may_be_name(turn[at]):
        return None
    phrase = " ".join(token.text for token in turn[max(0, at - 3) : at])
    match = _INTRODUCES.search(phrase)
    if not match:
        return None
    end = at + 1
    while end < len(turn) and end - at < _LONGEST and _may_be_name(turn[end]):
        end += 1
    return at, end


def _asked(turns: Sequence[Said], cues: Sequence[Sequence[Cue]], at: int) -> bool:
    """Return whether the turn before a turn, by another speaker, asked for a name and for nothing after it."""
    if not at or not cues[at - 1] or turns[at - 1].speaker == turns[at].speaker:
        return False
    topics = [cue.topic for cue in cues[at - 1]]
    return topics[-1] is Topic.NAME or (topics[0] is Topic.NAME and topics[-1] is Topic.OTHER)


def _answer(turn: Sequence[Token]) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(turn) and turn[start].text in _LEAD:
        start += 1
    end = start
    while end < len(turn) and end - start < _LONGEST and (_may_be_name(turn[end]) or _is_initial(turn, end)):
        end += 1
    known = end > start and any(
        _bare(token.text) in known_names().given | known_names().surnames for token in turn[start:end]
    )
    if end > start and (known or len(turn) - start <= _SHORT_ANSWER):
        yield start, end


def _is_initial(turn: Sequence[Token], at: int) -> bool:
    following = turn[at + 1] if at + 1 < len(turn) else None
    return len(turn[at].letters) == 1 and following is not None and (_may_be_name(following) or bool(following.letters))


def _spelt(turn: Sequence[Token], cues: Sequence[Sequence[Cue]], ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield runs of letters that spell a name: where one was asked for, or was said just before."""
    near = {place for end in ends for place in range(end, end + _BEFORE_SPELT + 1)}
    run: list[Token] = []
    for token in (*turn, None):
        if token and (token.letters.isalpha() or token.text in {"o", "oh"}):
            run.append(token)
            continue
        if token and run and token.text in {"double", "um", "uh", "er", "then", "and", "hyphen", "dash", "apostrophe"}:
            continue
        while run and run[0].text in {"a", "i"} and len(run) > 1 and run[1].place - run[0].place > 1:
            run.pop(0)
        if len(run) >= _LEAST_LETTERS:
            cue = context(cues, run[0].turn, run[0].start)
            asked = cue and cue.topic is Topic.NAME and cue.turn >= run[0].turn - 1
            follows = run[0].place in near
            if asked or follows:
                yield run[0].place, run[-1].place + 1
        run = []


@cache
def known_names() -> Names:
    """Return the names that are listed."""
    folder = files("agents.transcribe.languages.en.redaction")
    given, surnames = ((folder / name).read_text(encoding="utf-8") for name in ("given_names.txt", "surnames.txt"))
    plain, _, also = given.partition("# also words\n")
    return Names(_words(plain), _words(also), _words(surnames))


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(line for line in text.splitlines() if not line.startswith("#")).split())
