"""A language that nobody has written rules for."""

import pytest

from agents.transcribe.languages import LanguageWithoutRules, accepted_language, language_of
from agents.transcribe.redaction import Said
from schemas import Speaker, Turn
from streams.errors import PermanentError

GERMAN = language_of("de-DE")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("schreiben Sie an anna.muster@example.de bitte", "schreiben Sie an [email] bitte"),
        ("DE89 3704 0044 0532 0130 00 ist das Konto", "[iban] ist das Konto"),
        ("Karte 4539 1488 0343 6467", "Karte [card]"),
        ("rufen Sie +49 30 901820 an", "rufen Sie [phone] an"),
        ("unter 0176/12345678", "unter [phone]"),
        ("am 12.05.2024 um 14:30 für 12.500,00 Euro", "am 12.05.2024 um 14:30 für 12.500,00 Euro"),
        ("Karte 4111 1111 1111 1111 12/27", "Karte [card]"),
        ("0151 23456789 10115 berlin", "[card] berlin"),
        ("0532 111 22 33 0532 111 22 44", "[card]"),
        ("0532 111 22 33 4539 1488 0343 6467", "[card]"),
        ("0532 111 22 33 oder 0532 111 22 44", "[phone] oder [phone]"),
        ("Auftrag 4711", "Auftrag 4711"),
        ("null eins sieben sechs eins zwei drei", "null eins sieben sechs eins zwei drei"),
    ],
)
def test_what_has_the_same_form_in_all_languages_is_replaced(said: str, left: str) -> None:
    (own,) = GERMAN.redact([Said("customer", said)]).turns
    assert own.text == left
    assert GERMAN.redact([own]).turns == (own,)


def test_numbers_stay_words_and_nothing_is_normalised() -> None:
    turn = Turn(speaker=Speaker.CUSTOMER, start_s=0.0, end_s=1.0, text="zwanzig Euro", confidence=1.0)
    assert GERMAN.transcript([turn]).turns == (turn,)


@pytest.mark.parametrize("accepted", [(), ("fr", "tr")])
def test_a_call_in_it_is_refused_and_the_message_says_what_can_be_done(accepted: tuple[str, ...]) -> None:
    with pytest.raises(LanguageWithoutRules) as refused:
        accepted_language("de-DE", accepted)
    assert isinstance(refused.value, PermanentError)
    assert "names and addresses would stay" in str(refused.value)
    assert "add 'de' to CALLSIFT_TRANSCRIBE_PARTLY_REDACTED" in str(refused.value)


@pytest.mark.parametrize("accepted", [("de",), ("DE-at",), ("fr", "de")])
def test_a_call_in_it_is_taken_where_the_settings_accept_that(accepted: tuple[str, ...]) -> None:
    assert accepted_language("de-DE", accepted) is GERMAN


@pytest.mark.parametrize(("tag", "code"), [("tr", "tr"), ("tr-TR", "tr"), ("en_GB", "en"), ("EN", "en")])
def test_a_language_with_rules_needs_no_acceptance(tag: str, code: str) -> None:
    assert accepted_language(tag, ()).code == code
