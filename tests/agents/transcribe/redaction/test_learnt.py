"""The model beside the rules: it hides more than they do, only what can be its kind, and as well in several threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.languages.tr.redaction import core
from agents.transcribe.languages.tr.redaction.context import Announcements
from agents.transcribe.languages.tr.redaction.plausible import plausible
from agents.transcribe.languages.tr.redaction.tokens import tokens
from agents.transcribe.redaction import Kind, Said, Span
from tests.agents.transcribe.redaction.measure import labelled_lines, measured, said
from tests.agents.transcribe.redaction.mishearing import misheard

LINES = labelled_lines("fourth")


def hidden() -> int:
    return sum(measured(misheard(LINES, 0.1)).hidden.values())


def test_the_model_hides_what_the_rules_alone_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    both = hidden()
    monkeypatch.setattr(core, "learnt_spans", lambda *_: ())
    assert both > hidden() + 5


def test_what_threads_find_at_the_same_time_is_what_one_finds() -> None:
    calls = [said(line) for line in LINES[:60]]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(TURKISH.redact, calls)) == list(map(TURKISH.redact, calls))


@pytest.mark.parametrize(
    ("texts", "word", "kind", "can_be"),
    [
        (["telefonunuz", "beş yüz kırk iki üç yüz on bir"], "beş yüz kırk iki üç yüz on bir", Kind.PHONE, True),
        (["sipariş numaranız", "beş yüz kırk iki üç yüz on bir"], "beş yüz kırk iki üç yüz on bir", Kind.PHONE, False),
        (["ücreti ne kadar", "iki bin lira"], "iki bin lira", Kind.CARD, False),
        (["kart", "yirmi iki"], "yirmi iki", Kind.CARD, False),
        (["rengi", "beyaz klio"], "beyaz klio", Kind.PLATE, False),
        (["mailiniz", "kuzey yetmiş"], "kuzey yetmiş", Kind.EMAIL, True),
        (["kod ne", "w a k yirmi"], "w a k yirmi", Kind.EMAIL, False),
        (["hangi il", "bornova"], "bornova", Kind.ADDRESS, False),
        (["hangi sokak", "lale sokak beş"], "lale sokak beş", Kind.ADDRESS, True),
    ],
)
def test_a_find_counts_only_where_its_kind_can_be(texts: list[str], word: str, kind: Kind, *, can_be: bool) -> None:
    turns = [Said(("agent", "customer")[place % 2], text) for place, text in enumerate(texts)]
    heard = tokens(turns)
    found = [Span(1, texts[1].index(word), texts[1].index(word) + len(word), kind)]
    assert list(plausible(found, (), turns, heard, Announcements(heard))) == (found if can_be else [])
