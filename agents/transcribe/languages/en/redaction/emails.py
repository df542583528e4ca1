"""E-mail addresses, spoken and written, whole or in parts."""

import re
from collections.abc import Iterator, Sequence

from agents.transcribe.languages.en.redaction.cues import Cue, Topic, context
from agents.transcribe.languages.en.redaction.tokens import Token
from agents.transcribe.languages.text import words
from agents.transcribe.redaction import Kind, Span

_WRITTEN = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[^\W\d_]{2,24}(?![\w-])")
_JOINTS = {"dot", "underscore", "dash", "hyphen", "minus", "plus", "point", "period"}
_PROVIDERS = words(
    "gmail googlemail hotmail outlook yahoo icloud btinternet aol live msn ymail protonmail proton sky virginmedia "
    "talktalk comcast verizon att mac me ntlworld bt gmx zoho fastmail mail"
)
_ENDINGS = words("com co uk org net edu gov io info biz me us ac ie ca au eu tv dev app ai nhs")
_STOPS = words(
    "is it's its it that's thats the a an my your his her our at on to for of and so yes yeah yep ok okay right "
    "sure um uh er erm email e-mail mail address e be i i'm have got use send me you can could would please was "
    "with just all one word lower case lowercase then no not sorry actually that this we they contact by or as in "
    "like put down are but do hers wife's husband's work personal also through via spelled spelt spell capital "
    "small what from sent it'll we'll will"
)
_PLAIN_WORDS = 3
"""So many words that are no letter, joint or number may stand before ``at`` without a joint in between."""
_WORD_BREAKS = {"um", "uh", "er", "erm", "then", "and", "sorry"}


def email_spans(
    texts: Sequence[str], turns: Sequence[Sequence[Token]], cues: Sequence[Sequence[Cue]]
) -> Iterator[Span]:
    """Yield every e-mail address, and what is said of one where one was asked for."""
    for at, (text, turn) in enumerate(zip(texts, turns, strict=True)):
        yield from (Span(at, *match.span(), Kind.EMAIL) for match in _WRITTEN.finditer(text))
        found = list(_spoken(turn))
        yield from found
        if not found:
            yield from _part(turn, cues)


def _spoken(turn: Sequence[Token]) -> Iterator[Span]:
    for at, token in enumerate(turn):
        if token.text != "at":
            continue
        end = _domain_end(turn, at + 1)
        if end is None:
            continue
        start = _local_start(turn, at)
        yield Span(token.turn, turn[start].start, turn[end - 1].end, Kind.EMAIL)


def _domain_end(turn: Sequence[Token], at: int) -> int | None:
    """Return the place after a domain that begins at a place; None where no domain does."""
    end = at
    dots = 0
    while end < len(turn):
        text = turn[end].text
        if text in {"dot", "point"} and end + 1 < len(turn):
            dots += turn[end + 1].text in _ENDINGS
            end += 2
            if dots and not (end < len(turn) and (turn[end].text == "dot" or _is_further_ending(turn, end))):
                return end
        elif dots and _is_further_ending(turn, end):
            return end + 1
        elif dots or text in _STOPS - {"and"} or end - at > 6 + 12 * bool(turn[end].code):
            break
        else:
            end += 1
    if dots:
        return end
    return at + 1 if at < len(turn) and turn[at].text in _PROVIDERS - {"me", "mail", "live", "sky", "mac"} else None


def _is_further_ending(turn: Sequence[Token], at: int) -> bool:
    return turn[at].text == "uk" and turn[at - 1].text in {"co", "ac", "org", "gov", "nhs"}


def _local_start(turn: Sequence[Token], at: int) -> int:
    """Return the place where the part before ``at`` begins."""
    start, plain = at, 0
    while start > 0:
        token = turn[start - 1]
        joined = start < at and turn[start].text in _JOINTS
        if (
            token.text in _JOINTS
            or (token.code and token.text not in {"a", "i"})
            or (token.letters and start < at and (turn[start].code or joined))
            or (
                token.text in _WORD_BREAKS
                and start >= 2
                and start < at
                and (turn[start - 2].code or turn[start - 2].text in _JOINTS)
            )
        ):
            start -= 1
        elif not token.code and (joined or token.text not in _STOPS) and (joined or plain < _PLAIN_WORDS):
            plain += 0 if joined else 1
            start -= 1
        else:
            break
    while start < at and turn[start].text in _STOPS and not turn[start].letters:
        start += 1
    return min(start, at)


def _part(turn: Sequence[Token], cues: Sequence[Sequence[Cue]]) -> Iterator[Span]:
    """Yield what of an address a turn says where one was asked for: ``j dot smith``, ``s m i t h``."""
    marks = [
        at for at, token in enumerate(turn) if token.text in _JOINTS or (token.letters and token.text not in {"a", "i"})
    ]
    if not marks:
        return
    cue = context(cues, turn[0].turn, turn[marks[0]].start)
    if cue is None or cue.topic is not Topic.EMAIL or cue.turn < turn[0].turn - 1:
        return
    joints = any(turn[at].text in {"dot", "underscore", "hyphen"} for at in marks)
    if len(marks) < 2 and not joints:
        return
    start, end = marks[0], marks[-1] + 1
    if turn[start].text in _JOINTS and start and turn[start - 1].text not in _STOPS:
        start -= 1
    if end < len(turn) and (turn[end - 1].text in _JOINTS or turn[end].digits):
        end += 1
    yield Span(turn[0].turn, turn[start].start, turn[end - 1].end, Kind.EMAIL)
