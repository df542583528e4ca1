"""A rule that raises: no call is lost, nothing leaks, and what cannot hold what the rule looks for stays."""

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import NoReturn

import pytest

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.languages.tr.redaction import core as rules
from agents.transcribe.languages.tr.redaction.addresses import address_places
from agents.transcribe.languages.tr.redaction.emails import email_places
from agents.transcribe.languages.tr.redaction.names import name_places
from agents.transcribe.languages.tr.redaction.plates import plate_places
from agents.transcribe.languages.tr.redaction.plausible import learnt_places
from agents.transcribe.languages.tr.redaction.tokens import number_places, tokens
from agents.transcribe.redaction import Said, Span
from agents.transcribe.redaction.careful import Places
from tests.agents.transcribe.redaction.measure import labelled_lines, said

PLACES: dict[str, Places] = {
    "email_spans": email_places,
    "plate_spans": plate_places,
    "iban_spans": number_places,
    "international_phone_spans": number_places,
    "number_spans": number_places,
    "address_spans": address_places,
    "name_spans": name_places,
    "learnt_spans": learnt_places,
}
every_rule = pytest.mark.parametrize("rule", PLACES)
CALL = [
    Said("agent", "servis hattı buyurun"),
    Said("customer", "çamaşır makinem su akıtıyor"),
    Said("agent", "isminizi alabilir miyim"),
    Said("customer", "ayşe yılmaz"),
    Said("agent", "telefon numaranız"),
    Said("customer", "sıfır beş yüz otuz iki yüz yirmi üç"),
    Said("customer", "kırk beş altmış yedi"),
    Said("agent", "adresiniz"),
    Said("customer", "gül mahallesi lale sokak numara beş"),
    *[Said("agent", "peki usta yarın gelir")] * 9,
    Said("agent", "mailiniz"),
    Said("customer", "a y l i n alt tire s et yahoo nokta com"),
    Said("agent", "aylin alt tire s kaydettim"),
]
PERSONAL = ("ayşe", "yılmaz", "otuz iki", "yirmi üç", "kırk beş", "lale", "yahoo", "alt tire")


def failing(*given: object) -> NoReturn:
    raise ValueError(f"of no use: {given}")


@every_rule
def test_a_rule_that_raises_leaks_nothing_and_ends_nothing(
    rule: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rules, rule, failing)
    found = TURKISH.redact(CALL)
    texts = [turn.text for turn in found.turns]
    assert not [secret for secret in PERSONAL if secret in " ".join(texts)]
    assert found.withheld == {at for at, text in enumerate(texts) if text == "[withheld]"}
    assert not {span.turn for span in found.spans} & found.withheld
    assert texts[0] == CALL[0].text  # what holds nothing that the rule looks for stays
    assert 0 < len(found.withheld) < (len(CALL) if rule == "learnt_spans" else len(CALL) // 2 + 2)
    assert TURKISH.redact(found.turns).turns[5].text == texts[5]
    record = caplog.records[0]
    assert (record.levelname, vars(record)["error_type"]) == ("ERROR", "ValueError")
    assert "makinem" not in str(vars(record))


def test_a_conversation_that_cannot_be_split_into_words_is_withheld_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "tokens", failing)
    found = TURKISH.redact([*CALL, Said("agent", "")])
    assert {turn.text for turn in found.turns[:-1]} == {"[withheld]"}
    assert len(found.withheld) == len(CALL)


@cache
def turns_found() -> dict[str, list[tuple[list[Said], set[int]]]]:
    """Return for each rule the labelled conversations, and the turns in which it finds something at first."""
    found: dict[str, list[tuple[list[Said], set[int]]]] = {rule: [] for rule in PLACES}
    calls: dict[str, list[set[int]]] = {rule: [] for rule in PLACES}

    def kept(rule: str, own: Callable[..., Iterable[Span]], *given: object) -> list[Span]:
        spans = list(own(*given))
        calls[rule].append({span.turn for span in spans})
        return spans

    with pytest.MonkeyPatch.context() as patch:
        for rule in PLACES:
            patch.setattr(rules, rule, partial(kept, rule, getattr(rules, rule)))
        for line in labelled_lines():
            turns = said(line)
            TURKISH.redact(turns)
            for rule, own in calls.items():
                found[rule].append((turns, own[0]))
                own.clear()
    return found


@every_rule
def test_every_span_that_a_rule_finds_lies_where_it_would_be_withheld(rule: str) -> None:
    """On all labelled conversations: the simple signs miss nothing that the rule itself finds."""
    for turns, found in turns_found()[rule]:
        assert found <= set(PLACES[rule](turns, tokens(turns)))
    assert sum(len(found) for _, found in turns_found()[rule]) >= 5
