"""What every folder of ``agents/transcribe/languages`` has to do."""

from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agents.transcribe.languages as package
from agents.transcribe.languages import LANGUAGES, Language
from agents.transcribe.redaction import Kind, Said
from agents.transcribe.redaction import core as shared
from tests.agents.test_any_text import steps
from tests.agents.transcribe.languages.examples import EXAMPLES

FOLDERS = sorted(path.parent.name for path in Path(package.__path__[0]).glob("*/__init__.py"))
every_language = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
every_kind = pytest.mark.parametrize("kind", Kind)
any_turns = st.lists(st.builds(Said, st.sampled_from(["agent", "customer"]), st.text(max_size=60)), max_size=6)


def words_of(language: Language) -> st.SearchStrategy[list[Said]]:
    """Conversations of words that the language has rules for, in any order."""
    words = sorted({word for turn in EXAMPLES[language.code].call() for word in turn.text.split()})
    text = st.lists(st.sampled_from(words), max_size=14).map(" ".join)
    return st.lists(st.builds(Said, st.sampled_from(["agent", "customer"]), text), max_size=6)


def test_each_folder_is_a_language_and_has_examples() -> None:
    assert FOLDERS == sorted(LANGUAGES) == sorted(EXAMPLES)
    assert all(len(code) in {2, 3} and code == code.lower() for code in LANGUAGES)


@every_language
@given(text=st.text(max_size=100))
def test_lower_case_leaves_each_character_in_its_place(language: Language, text: str) -> None:
    assert len(language.lowered(text)) == len(text)


@every_language
@settings(max_examples=50)
@given(data=st.data())
def test_no_text_is_too_odd_and_no_turn_is_lost(language: Language, data: st.DataObject) -> None:
    turns = data.draw(st.one_of(any_turns, words_of(language)))
    found = language.redact(turns)
    assert [turn.speaker for turn in found.turns] == [turn.speaker for turn in turns]
    assert not found.withheld
    assert all(0 <= span.start < span.end <= len(turns[span.turn].text) for span in found.spans)
    assert language.redact(found.turns).turns == found.turns
    for turn in turns:
        (language.normalised or str)(turn.text)


@every_language
@every_kind
def test_what_is_asked_for_is_replaced_whole(language: Language, kind: Kind) -> None:
    question, answer = EXAMPLES[language.code].asked[kind]
    found = language.redact([Said("agent", question), Said("customer", answer)])
    assert kind in language.redacts
    assert found.turns[0].text == question
    left = found.turns[1].text.replace(kind.placeholder, "").split()
    assert left in ([], ["and"])  # between two numbers
    assert {span.kind for span in found.spans} == {kind}


@every_language
def test_what_is_nobodys_stays(language: Language) -> None:
    for text in EXAMPLES[language.code].stays:
        assert [turn.text for turn in language.redact([Said("customer", text)]).turns] == [text]


@every_language
def test_numbers_are_written_in_digits_and_twice_changes_nothing(language: Language) -> None:
    assert language.normalised is not None
    for said, written in EXAMPLES[language.code].numbers.items():
        assert language.normalised(said) == written
        assert language.normalised(written) == written


@every_language
def test_a_rule_that_raises_withholds_what_was_said_and_ends_nothing(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> NoReturn:
        raise ValueError

    core = import_module(f"agents.transcribe.languages.{language.code}.redaction.core")
    call = EXAMPLES[language.code].call()
    secret = EXAMPLES[language.code].asked[Kind.PHONE][1]
    for rule in ("number_spans", "name_spans", "address_spans", "email_spans"):
        with monkeypatch.context() as patch:
            patch.setattr(core, rule, failing)
            found = language.redact(call)
        assert found.withheld, rule
        assert all(found.turns[at].text == "[withheld]" for at in found.withheld)
        assert secret not in " ".join(turn.text for turn in found.turns)


@every_language
@pytest.mark.parametrize("kind", [Kind.PHONE, Kind.EMAIL, Kind.ADDRESS])
def test_the_work_grows_with_the_text_and_no_faster(
    language: Language, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four times the text, at most five times the steps."""
    monkeypatch.setattr(shared, "_ROUNDS", 0)
    answer = EXAMPLES[language.code].asked[kind][1]

    def work(times: int) -> None:
        turns = [Said("customer", " ".join([answer] * 10))] * (times // 10)
        text = " ".join([answer] * times)
        for own in language.redact([*turns, Said("customer", text)]).turns:
            (language.normalised or str)(own.text)

    work(10)  # what is loaded or remembered once
    assert steps(lambda: work(160)) < 5 * steps(lambda: work(40))
