"""Telephone, card, account and identity numbers, as far as they are said in digits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import phonenumbers
from stdnum import luhn

from agents.transcribe.languages.en.redaction.cues import Cue, Topic, after, context
from agents.transcribe.languages.en.redaction.tokens import Token
from agents.transcribe.languages.text import words
from agents.transcribe.redaction import Kind, Span

FILLERS = words(
    "um uh er erm ah hmm mm mhm okay ok yes yeah yep yup right and then so it's its it is that's thats the dash "
    "hyphen space slash sorry no wait actually plus please sure alright got i hang on hold let me see just a sec "
    "second my number uh-huh go ahead ready ends ending end with starts starting next again great perfect thanks "
    "thank you correct cool lovely brackets area code country ext you'll want be like one moment now comma to for "
    "too cheers well oh"
)
_INSIDE = 4
"""So many fillers may stand inside a stretch that is replaced as one."""
_PIECES = 9
"""Pieces that one number may be said in."""
_NEAR_TURNS = 6
_REPEATED_TURNS = 12
_REMEMBERED = 20
"""Numbers of one turn that are looked at: nobody says more."""
_KINDS = {Topic.PHONE, Topic.CARD, Topic.ACCOUNT, Topic.IDENTITY}
_LEAST = {Topic.PHONE: 3, Topic.CARD: 4, Topic.ACCOUNT: 4, Topic.IDENTITY: 3}
"""Digits from which a stretch that was announced is taken as said."""
_LENGTHS: dict[Topic, range] = {
    Topic.IDENTITY: range(9, 11),
    Topic.ACCOUNT: range(6, 23),
    Topic.CARD: range(12, 20),
    Topic.PHONE: range(7, 15),
}
"""Digits of a number that was announced, whether its check digits fit or not: one of them may be misheard."""
_COMPLETE = 9
"""Digits after which a number that was announced may be all said."""
_BEFORE_HOURS = words("at by around about until till before after between past quarter half from")
_MOST = 34
_GB_LENGTH = 11
_TELLING = 6
"""So many digits of a number are no chance even where something else was announced."""
_GB_MOBILE = re.compile(r"(?:0|44|0044)7\d{9}")
_US_PHONE = re.compile(r"1?[2-9]\d\d[2-9]\d{6}")
"""Where a card was announced, so that a number of its length is a telephone number, whoever has it."""
_PLUS = re.compile(r"(?:(?:\+|\bplus )\s?)?[(]?\Z")


@dataclass(frozen=True, eq=False)
class Piece:
    """Numbers of one turn with nothing but fillers in between."""

    tokens: Sequence[Token]
    digits: str
    opens: bool
    """Whether its turn begins with it."""
    closes: bool
    """Whether its turn ends with it."""
    is_hour: bool
    """Whether it follows what is said before an hour."""

    @property
    def turn(self) -> int:
        """The turn it is said in."""
        return self.tokens[0].turn

    @property
    def alone(self) -> bool:
        """Whether its turn says nothing else."""
        return self.opens and self.closes


def number_spans(
    texts: Sequence[str], turns: Sequence[Sequence[Token]], cues: Sequence[Sequence[Cue]]
) -> Iterator[Span]:
    """Yield every telephone, card, account and identity number that is said in digits, its parts and repetitions."""
    pieces = [piece for turn in turns for piece in _pieces(turn, cues)]
    topics = [_topic(cues, piece) for piece in pieces]
    told: dict[Piece, Kind] = {}
    known: list[tuple[str, Kind, int]] = []
    for first in range(len(pieces)):
        for last in range(min(len(pieces), first + _PIECES), first, -1):
            own = pieces[first:last]
            if own[0] in told or not _goes_on(own, topics[first:last]):
                continue
            digits = "".join(piece.digits for piece in own)
            if len(digits) <= _MOST and (kind := identifier(digits, topics[first])):
                told |= dict.fromkeys(own, kind)
                known.append((digits, kind, own[-1].turn))
                break
    said: dict[Cue | None, int] = {}  # digits that followed each announcement
    for piece, topic in zip(pieces, topics, strict=True):
        cue = context(cues, piece.turn, piece.tokens[0].start)
        complete = topic is not Topic.ACCOUNT and said.get(cue, 0) >= _COMPLETE and len(piece.digits) < _TELLING
        doubtful = complete or (piece.is_hour and len(piece.digits) < _TELLING)
        if piece not in told and topic in _KINDS and not doubtful and _is_enough(piece, topic) and (kind := topic.kind):
            told[piece] = kind
            known.append((piece.digits, kind, piece.turn))
        if piece in told:
            said[cue] = said.get(cue, 0) + len(piece.digits)
    by_turn: dict[int, list[tuple[str, Kind]]] = {}
    for digits, kind, turn in known:
        by_turn.setdefault(turn, []).append((digits, kind))
    for piece, topic in zip(pieces, topics, strict=True):
        if piece not in told and (again := _said_before(piece, topic, by_turn)):
            told[piece] = again
    for piece, kind in told.items():
        start = piece.tokens[0].start
        head = _PLUS.search(texts[piece.turn], max(0, start - 6), start)
        yield Span(piece.turn, head.start() if head else start, piece.tokens[-1].end, kind)


def identifier(digits: str, topic: Topic | None) -> Kind | None:
    """Return what digits are as a whole; a telephone number or a card without a cue, the others with theirs."""
    length = len(digits)
    lengths = range(13, 20) if topic is Topic.CARD else range(15, 17)
    if length in lengths and digits[0] in "3456" and luhn.is_valid(digits):
        return Kind.CARD
    if length == _GB_LENGTH and digits[0] == "0" and is_phone(digits):
        return Kind.PHONE
    if topic and length in _LENGTHS.get(topic, ()):
        return topic.kind
    free = topic not in {Topic.OTHER, Topic.IDENTITY, Topic.ACCOUNT}
    as_in_plan = is_phone(digits) or (topic is Topic.CARD and _US_PHONE.fullmatch(digits))
    return Kind.PHONE if free and as_in_plan else None


def is_phone(digits: str) -> bool:
    """Return whether digits are a telephone number of the United Kingdom, the United States or another country."""
    if _GB_MOBILE.fullmatch(digits):
        return True
    if not 10 <= len(digits) <= 14:
        return False
    regions = [("GB", digits)] if digits.startswith("0") else [("US", digits)] if len(digits) in {10, 11} else []
    if digits.startswith(("44", "00", "1")):
        regions.append(("GB", "+" + digits.removeprefix("00")))
    return any(_is_valid(region, written) for region, written in regions)


def _is_valid(region: str, written: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False


def _pieces(turn: Sequence[Token], cues: Sequence[Sequence[Cue]]) -> Iterator[Piece]:
    run: list[Token] = []
    between: list[Token] = []
    for token in turn:
        if token.digits and not token.measures:
            if run and _parts(run[-1], token, between, cues):
                yield _piece(turn, run)
                run = []
            run.append(token)
            between = []
        elif run:
            between.append(token)
    if run:
        yield _piece(turn, run)


def _parts(before: Token, token: Token, between: Sequence[Token], cues: Sequence[Sequence[Cue]]) -> bool:
    """Return whether two numbers of a turn do not belong to one dictation."""
    cue = context(cues, token.turn, token.start)
    if cue and cue.turn == token.turn and cue.start >= before.end and cue.topic is not Topic.PHONE:
        return True
    return len(between) > _INSIDE or any(word.text not in FILLERS and not word.measures for word in between)


def _piece(turn: Sequence[Token], run: Sequence[Token]) -> Piece:
    before, following = turn[: run[0].place], turn[run[-1].place + 1 :]
    fills_before, fills_after = (all(token.text in FILLERS for token in own) for own in (before, following))
    is_hour = bool(before) and before[-1].text in _BEFORE_HOURS
    return Piece(tuple(run), "".join(token.digits for token in run), fills_before, fills_after, is_hour)


def _goes_on(own: Sequence[Piece], topics: Sequence[Topic | None]) -> bool:
    """Return whether each piece goes on with the one before it, in another turn, under the same announcement."""
    return own[-1].turn - own[0].turn <= _NEAR_TURNS and all(
        before.closes and piece.opens and before.turn < piece.turn and topic is topics[0]
        for before, piece, topic in zip(own, own[1:], topics[1:], strict=False)
    )


def _topic(cues: Sequence[Sequence[Cue]], piece: Piece) -> Topic | None:
    before = context(cues, piece.turn, piece.tokens[0].start)
    following = after(cues, piece.turn, piece.tokens[-1].end)
    if following and following.topic in _KINDS and (before is None or before.turn != piece.turn):
        near = following.start - piece.tokens[-1].end
        if near < 25 and (before is None or before.topic not in _KINDS):
            return following.topic
    return before.topic if before else None


def _is_enough(piece: Piece, topic: Topic) -> bool:
    """Return whether an announced stretch says so many digits that it is no count: fewer where nothing else is said."""
    return len(piece.digits) >= (2 if piece.alone else _LEAST[topic])


def _said_before(piece: Piece, topic: Topic | None, known: Mapping[int, Sequence[tuple[str, Kind]]]) -> Kind | None:
    """Return the kind of a number near by of which a piece says a part again."""
    if len(piece.digits) < (_TELLING if topic is Topic.OTHER else 2 if piece.alone else 3):
        return None
    near = range(piece.turn + _REPEATED_TURNS, piece.turn - _REPEATED_TURNS - 1, -1)
    return next(
        (kind for turn in near for digits, kind in known.get(turn, ())[-_REMEMBERED:] if piece.digits in digits), None
    )
