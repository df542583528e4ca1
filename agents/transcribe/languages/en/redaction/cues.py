"""What announces personal data, and what says that a number is none."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agents.transcribe.languages.text import lowered
from agents.transcribe.redaction import Kind, Said


class Topic(StrEnum):
    """What a cue speaks of."""

    PHONE = "phone"
    CARD = "card"
    ACCOUNT = "iban"
    IDENTITY = "national_id"
    EMAIL = "email"
    PLATE = "plate"
    ADDRESS = "address"
    POSTCODE = "postcode"
    NAME = "person"
    OTHER = "other"
    """A number that is no person's, or a date."""

    @property
    def kind(self) -> Kind | None:
        """The kind of what it announces."""
        if self is Topic.OTHER:
            return None
        return Kind.ADDRESS if self is Topic.POSTCODE else Kind(self.value)


_CUES: tuple[tuple[Topic, str], ...] = (
    (
        Topic.OTHER,
        r"(?:order|reference|ref|invoice|booking|confirmation|claim|ticket|case|job|model|serial|part|patient"
        r"|chart|policy"
        r"|membership|member|group|plan|treatment|procedure|error|tracking|receipt|quote|room|item|product|appointment)"
        r" (?:number|code|id|ref|reference|no)|reference|invoice|order"
        r"|expir(?:y|es|ation|ing)(?: date)?|valid (?:until|thru)"
        r"|good (?:thru|through|until)|runs out|start date"
        r"|(?:three|four|3|4) (?:digits |numbers )?"
        r"on the (?:back|front)"
        r"|(?:date|numbers?|digits) on (?:it|the (?:back|front|card))|security (?:code|number)|exp"
        r"|(?:rating|type|serial|name) ?plate"
        r"|(?:digits|numbers?) on the (?:front|back)(?: (?:for|of) (?:the |your )?(?:amex|card))?"
        r"|c ?v ?[vc]|three digits on the back"
        r"|back of the card|date of birth|d ?o ?b|birth ?da(?:y|te)|born"
        r"|pin|passcode|verification code|code we sent|error|model|extension"
        r"|price|costs?|deposit|quote|balance|how much"
        r"|how old|years? old|what time|what day|which day",
    ),
    (
        Topic.PHONE,
        r"(?:tele)?phone(?: number)?s?|mobile(?: number)?|cell(?: ?phone)?|landline|contact number|callback number"
        r"|(?:best|good|another|other|work|home|daytime|alternative) number|number (?:to|we can|i can|you can|where) "
        r"(?:call|ring|reach|text|contact|get)\w*|(?:call|ring|reach|text|phone|get|contact) (?:you|me|him|her|us|them)"
        r"(?: back)? (?:on|at)|calling (?:from|you from)|area code|whatsapp|number you're calling from|dial(?:ling)?",
    ),
    (
        Topic.CARD,
        r"(?:credit|debit|bank|visa|payment)? ?card(?: number)?|visa|master ?card|amex|american express|discover"
        r"|long number(?: across)?|sixteen digits?|16 digits?",
    ),
    (
        Topic.ACCOUNT,
        r"iban|i ban|sort code|(?:bank )?account(?: number)?|routing(?: number)?|bank details"
        r"|acc(?:oun)?t no|direct debit",
    ),
    (
        Topic.IDENTITY,
        r"social(?: security)?(?: number)?|s ?s ?n|national insurance(?: number)?|n ?i number|nino|n ?h ?s(?: number)?"
        r"|insurance number|nhs",
    ),
    (Topic.EMAIL, r"e ?-?mails?(?: address)?|mail address"),
    (
        Topic.PLATE,
        r"(?:number|licen[cs]e|car|reg(?:istration)?)? ?plates?(?: number)?|(?:car|vehicle) reg(?:istration)?"
        r"|reg(?:istration)?(?: number| mark)?|tags?",
    ),
    (Topic.POSTCODE, r"post ?-?code|zip(?: ?code)?"),
    (
        Topic.ADDRESS,
        r"(?:home |postal |mailing |billing |street |full )?address(?!ed)"
        r"|where (?:do|are) you(?: (?:live|living|based))?|live (?:at|on|in)"
        r"|house number|(?:which|what|name of the) street|street name|door number|first line|flat number|which flat",
    ),
    (
        Topic.NAME,
        r"(?:first|last|full|family|middle|maiden|your|his|her|their|patient's|my|the|whose) (?:sur)?names?|surnames?"
        r"|who(?:'s| is| am i) (?:calling|speaking|this|that)|who (?:am i|i'm) (?:speaking|talking) (?:to|with)"
        r"|(?:can|could|may) i (?:take|get|have) (?:a|the|your) name|name please|name is|names? (?:on"
        r"|as)(?: (?:the|your|it) ?(?:account|card|it)?)?"
        r"|all (?:the |your )?(?:\w+ )?names"
        r"|under what name|who's it under"
        r"|and you are|who'll be there"
        r"|who (?:should|shall|do) (?:i|we|they) ask for",
    ),
)
_PATTERN = re.compile(
    "|".join(rf"(?P<t{at}>(?<![^\W_])(?:{pattern})(?![^\W_]))" for at, (_, pattern) in enumerate(_CUES))
)


@dataclass(frozen=True)
class Cue:
    """One announcement."""

    turn: int
    start: int
    end: int
    topic: Topic


def cues(turns: Sequence[Said]) -> list[list[Cue]]:
    """Return the cues of each turn, in order."""
    return [list(_of_turn(at, turn.text)) for at, turn in enumerate(turns)]


def _of_turn(turn: int, text: str) -> Iterator[Cue]:
    for match in _PATTERN.finditer(lowered(text)):
        topic = _CUES[int((match.lastgroup or "t0")[1:])][0]
        yield Cue(turn, match.start(), match.end(), topic)


_REACH = 3
"""Turns for which a cue is waited for."""


def context(found: Sequence[Sequence[Cue]], turn: int, start: int) -> Cue | None:
    """Return the cue that what starts at a place in a turn follows, if one is near."""
    before = bisect_left(found[turn], start, key=lambda cue: cue.start)
    if before:
        return found[turn][before - 1]
    for at in range(turn - 1, max(-1, turn - 1 - _REACH), -1):
        if found[at]:
            return found[at][-1]
    return None


def after(found: Sequence[Sequence[Cue]], turn: int, end: int) -> Cue | None:
    """Return the first cue after a place in the same turn: ``… that's my mobile``."""
    at = bisect_left(found[turn], end, key=lambda cue: cue.start)
    return found[turn][at] if at < len(found[turn]) else None
