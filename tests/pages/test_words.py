"""The words of the pages, and how each language writes numbers and times."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agents.audio import channels, decode
from agents.audio.fetching import errors
from pages.words import CODES, Language, preferred, words
from streams import host_guard
from streams.errors import CallsiftError
from tests.test_rooms import ROOT

ISTANBUL = ZoneInfo("Europe/Istanbul")
ENGLISH, TURKISH = (Language(code, ISTANBUL) for code in CODES)
WHOLE = re.compile(r"""\bt\(\s*f?["']([\w.{}-]+)["']\s*[,)]""")
BEGUN = re.compile(r"""\bt\(\s*["']([\w.-]+\.)["']\s*~""")


def places(text: Any) -> set[str]:
    texts = text.values() if isinstance(text, dict) else [text]
    return {name for one in texts for _, name, _, _ in Formatter().parse(one) if name}


def sources() -> Iterator[tuple[str, str]]:
    for path in (*(ROOT / "pages").rglob("*.html"), *(ROOT / "pages").rglob("*.py")):
        yield path.name, path.read_text(encoding="utf-8")


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    english, turkish = map(words, CODES)
    assert english.keys() == turkish.keys()
    assert {key for key in english if places(english[key]) != places(turkish[key])} == set()


def test_pages_use_only_words_that_there_are_and_every_word_is_used() -> None:
    known, used, unknown = words("en").keys(), set[str](), set[str]()
    for name, source in sources():
        asked = [re.escape(key) for key in BEGUN.findall(source)]
        asked += [re.sub(r"\\\{.+?\\\}", "[^.]+", re.escape(key)) + "$" for key in WHOLE.findall(source)]
        asked += [re.escape(key) + "$" for key in re.findall(r"""["'](\w+\.\w+)["']""", source) if key in known]
        for pattern in asked:
            found = {key for key in known if re.match(pattern, key)}
            used |= found
            unknown |= set() if found else {f"{name}: {pattern}"}
    assert unknown == set()
    assert set(known) - used == set()


def test_what_can_be_wrong_with_a_recording_has_words_in_both_languages() -> None:
    modules = (errors, host_guard, channels, decode)
    wrong = {
        name
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, CallsiftError) and kind.__module__ == module.__name__
    }
    for language in (ENGLISH, TURKISH):
        assert {key.removeprefix("failure.") for key in words(language.code) if key.startswith("failure.")} == wrong
    assert not TURKISH.knows("failure.Another")


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("tr-TR,tr;q=0.9,en;q=0.8", "tr"),
        ("de,en;q=0.7,tr;q=0.8", "tr"),
        ("en;q=0,tr;q=0.1", "tr"),
        ("de", "en"),
        ("", "en"),
        ("tr;q=high", "en"),
    ],
)
def test_the_language_is_the_one_that_the_browser_wants_most(accepted: str, code: str) -> None:
    assert preferred(accepted, "en") == code


def test_numbers_and_times_are_written_as_the_language_does() -> None:
    at = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)
    assert (ENGLISH.percent(0.826), TURKISH.percent(0.826)) == ("83%", "%83")
    assert (ENGLISH.seconds(1234.56), TURKISH.seconds(0.04)) == ("1234.6 s", "0,0 sn")
    assert (ENGLISH.moment(at), TURKISH.moment(at)) == ("29 Nov 2026 01:30", "29 Kas 2026 01:30")
    assert TURKISH.day(date(2026, 11, 28)) == "Cumartesi, 28 Kasım 2026"
    assert [ENGLISH.length(seconds) for seconds in (0, 59.6, 3725)] == ["0:00", "1:00", "1:02:05"]


def test_one_call_and_several_calls_are_told_apart() -> None:
    assert [ENGLISH.t("calls.count", n=n) for n in (0, 1, 1200)] == ["0 calls", "1 call", "1,200 calls"]
    assert TURKISH.t("calls.count", n=1200) == "1.200 çağrı"
