"""What holds for every number however it is dictated, and for every conversation."""

import re
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings

from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.redaction import Kind, Said
from tests.agents.transcribe.redaction.dictating import FILLERS, ONES, TENS, Dictated, business, dictated

NUMBER_WORDS = {*ONES, *TENS, "yüz", "bin"}
NUMBERS = {Kind.PHONE, Kind.CARD, Kind.IBAN, Kind.NATIONAL_ID, Kind.PLATE}
thorough = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def left(call: Dictated) -> list[str]:
    """Return the number words that a redacted dictation still says."""
    turns = TURKISH.redact(call.turns).turns
    return [word for place in call.answered for word in re.findall(r"\w+", turns[place].text) if word in NUMBER_WORDS]


@thorough
@given(dictated())
def test_a_number_that_was_asked_for_is_found_in_any_grouping(call: Dictated) -> None:
    assert left(call) == []


@thorough
@given(dictated(FILLERS))
def test_fillers_never_uncover_a_number(call: Dictated) -> None:
    assert left(call) == []


@thorough
@given(business())
def test_prices_years_models_times_and_counts_stay(turns: Sequence[Said]) -> None:
    assert [span for span in TURKISH.redact(turns).spans if span.kind in NUMBERS] == []


@thorough
@given(dictated(FILLERS))
def test_redacting_twice_changes_nothing(call: Dictated) -> None:
    once = TURKISH.redact(call.turns).turns
    assert TURKISH.redact(once).turns == once
