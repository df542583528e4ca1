"""Tokens of pages."""

import asyncio
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from api.access import Principal
from api.page_tokens import PageTokens, SharedTokens
from api.problems import Problem
from api.services import Services

TOKENS = PageTokens(Fernet.generate_key().decode())
ANN, BEN = (Principal(name, frozenset()) for name in ("ann", "ben"))
questions = st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.lists(st.text()))


def refused(token: str, who: Principal, question: object, tokens: PageTokens = TOKENS) -> str | None:
    with pytest.raises(Problem) as caught:
        tokens.read(token, who, question)
    assert (caught.value.kind.status, caught.value.errors[0].parameter) == (400, "page_token")
    return caught.value.errors[0].detail


@given(st.text(), questions)
def test_a_token_gives_back_its_place_for_the_same_question_of_the_same_person(after: str, question: Any) -> None:
    assert TOKENS.read(TOKENS.made(after, ANN, question), ANN, question) == after


@given(questions, questions)
def test_a_token_is_refused_for_another_question_and_for_another_person(question: Any, other: Any) -> None:
    token = TOKENS.made("place", ANN, question)
    refused(token, BEN, question)
    if question != other:
        refused(token, ANN, other)


@given(st.text())
def test_any_text_that_is_no_token_is_refused(text: str) -> None:
    refused(text, ANN, {})


@given(st.data())
def test_a_token_of_which_any_letter_was_changed_is_refused(data: st.DataObject) -> None:
    token = TOKENS.made("000317 call-1", ANN, {}).rstrip("=")
    place = data.draw(st.integers(0, len(token) - 2))  # the last letter has bits that mean nothing
    letter = data.draw(st.sampled_from("abcXYZ09-_").filter(lambda one: one != token[place]))
    refused(token[:place] + letter + token[place + 1 :] + "=" * (-len(token) % 4), ANN, {})


def test_a_token_says_nothing_of_the_call_that_it_stands_at() -> None:
    assert b"call-1" not in urlsafe_b64decode(TOKENS.made("000317 call-1", ANN, {}))


@pytest.mark.integration
async def test_processes_that_start_at_once_read_each_others_tokens(services: Services) -> None:
    ready = await asyncio.gather(*(SharedTokens().ready(services.database) for _ in range(5)))
    token = ready[0].made("place", ANN, {})
    assert [one.read(token, ANN, {}) for one in ready] == ["place"] * 5
