"""What is said in letters and digits: postcodes, plates, national insurance numbers, account numbers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stdnum import iban

from agents.transcribe.languages.en.redaction.cues import Cue, Topic, context
from agents.transcribe.languages.en.redaction.numbers_told import FILLERS
from agents.transcribe.languages.en.redaction.tokens import Token
from agents.transcribe.languages.text import words
from agents.transcribe.redaction import Kind, Span

_POSTCODE = re.compile(r"[a-z]{1,2}\d[a-z\d]?\d[abd-hjlnp-uw-z]{2}")
_OUTWARD = re.compile(r"[a-z]{1,2}\d[a-z\d]?")
_INSURANCE = re.compile(r"[abceghj-prstw-z][abceghj-nprstw-z]\d{6}[a-d]?")
_PLATE = re.compile(r"[a-z]{2}\d\d[a-z]{3}|[a-z]\d{1,3}[a-z]{3}")
_ANY_PLATE = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z\d]{4,8}")
_IBAN_PART = re.compile(r"(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{8,34}")
_ACCEPTED = {"space", "dash", "hyphen", "then", "and", "um", "uh", "er", "erm", "sorry", "yeah", "new", "word"}
_SAID_INSURANCE = re.compile(r"[a-z]{2}\d{4,6}[a-z]?")
_INSURANCE_LENGTH = 9
_PLATE_LENGTH = 7
_SHORTEST_IBAN = 14
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-z]{2,3}")
_ABBREVIATIONS = words("mr mrs ms dr st rd nd th pm am ft kg mg ml mm cm km tv nhs bldg hr hrs ltd")
_LONGEST = 40
_INSIDE = 2


def code_spans(turns: Sequence[Sequence[Token]], cues: Sequence[Sequence[Cue]]) -> Iterator[Span]:
    """Yield every stretch of spelt letters and digits that is a person's, in its kind."""
    for turn in turns:
        for run in _runs(_with_short(turn)):
            yield from _of_run(_trimmed(run), cues)


def _with_short(turn: Sequence[Token]) -> list[Token]:
    """Return the tokens, short ones without vowels beside numbers as the letters that they are: ``ab12 cdf``."""
    own = list(turn)
    for at, token in enumerate(turn):
        near = [*turn[max(0, at - 1) : at], *turn[at + 1 : at + 2]]
        numbers = any(any(letter.isdecimal() for letter in other.code) for other in near)
        if numbers and _CONSONANTS.fullmatch(token.text) and token.text not in FILLERS | _ABBREVIATIONS:
            own[at] = replace(token, letters=token.text)
    return own


def _runs(turn: Sequence[Token]) -> Iterator[list[Token]]:
    run: list[Token] = []
    between = 0
    for token in turn:
        if token.code and not token.measures:
            run.append(token)
            between = 0
        elif run:
            between += 1
            if token.text not in _ACCEPTED or between > _INSIDE:
                yield run
                run = []
    if run:
        yield run


def _trimmed(run: list[Token]) -> list[Token]:
    """Return a run without an article or a pronoun at its end."""
    while len(run) > 1 and run[-1].text in {"a", "i"} and len(run[-2].code) > 1:
        run = run[:-1]
    return run


def _of_run(run: Sequence[Token], cues: Sequence[Sequence[Cue]]) -> Iterator[Span]:
    """Yield the codes in a run; of those that begin at one place the longest."""
    if all(token.digits for token in run):
        cue = context(cues, run[0].turn, run[0].start)
        if kind := _kind("".join(token.digits for token in run), cue.topic if cue else None, is_all=True):
            yield Span(run[0].turn, run[0].start, run[-1].end, kind)
        return
    at = 0
    while at < len(run):
        cue = context(cues, run[at].turn, run[at].start)
        topic = cue.topic if cue else None
        for end in range(min(len(run), at + _LONGEST), at, -1):
            said = run[at:end]
            codes = ("".join(token.code for token in said), "".join(_as_letters(token) for token in said))
            kinds = (_kind(code, topic, is_all=len(said) == len(run)) for code in dict.fromkeys(codes))
            if kind := next(filter(None, kinds), None):
                yield Span(run[at].turn, run[at].start, run[end - 1].end, kind)
                at = end
                break
        else:
            at += 1


def _as_letters(token: Token) -> str:
    return "o" if token.text == "o" else token.code


def _kind(code: str, topic: Topic | None, *, is_all: bool) -> Kind | None:
    if code.isalpha() or not code.isascii():
        return None
    if code.isdecimal():
        return Kind.ADDRESS if topic is Topic.POSTCODE and is_all and len(code) in {5, 9} else None
    announced = topic is not Topic.OTHER
    in_an_address = topic in {Topic.POSTCODE, Topic.ADDRESS} and is_all and _OUTWARD.fullmatch(code)
    tests = (
        (Kind.IBAN, len(code) > _SHORTEST_IBAN and iban.is_valid(code)),
        (Kind.IBAN, topic is Topic.ACCOUNT and _IBAN_PART.fullmatch(code)),
        (Kind.NATIONAL_ID, _INSURANCE.fullmatch(code) and len(code) == _INSURANCE_LENGTH),
        (Kind.NATIONAL_ID, topic is Topic.IDENTITY and _SAID_INSURANCE.fullmatch(code)),
        (Kind.PLATE, topic is Topic.PLATE and _ANY_PLATE.fullmatch(code)),
        (Kind.ADDRESS, announced and (_is_postcode(code) or in_an_address)),
        (Kind.PLATE, announced and _PLATE.fullmatch(code) and (len(code) == _PLATE_LENGTH or is_all)),
    )
    return next((kind for kind, holds in tests if holds), None)


def _is_postcode(code: str) -> bool:
    """Return whether it is a postcode of the United Kingdom, whose letter o may have been taken for a zero."""
    return any(_POSTCODE.fullmatch(code[:-2] + end) for end in (code[-2:], code[-2:].replace("0", "o")))
