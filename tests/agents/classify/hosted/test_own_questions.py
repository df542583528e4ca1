"""The taxonomy's own questions to a hosted model, over a real connection: an answer has a turn that says it.

Of what is asked besides nothing changes: the category is decided whatever becomes of the answers.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from agents.classify import core
from agents.classify.agent import ClassifyAgent, make_classifier
from agents.classify.hosted.answer import read_answer
from agents.classify.hosted.prompt import TEMPLATE, instruction, make_prompt, prompt_version
from agents.classify.settings import ClassifierName, ClassifySettings
from schemas import AnsweredQuestion, CallClassified, Speaker, Taxonomy
from streams.errors import CallsiftError
from tests.agents.classify.deciding import deciding
from tests.schemas.examples import call_transcribed, turn
from tests.servers.gemini import PLAUSIBLE, GeminiServer, answered, gemini_server

QUESTIONS: list[dict[str, Any]] = [
    {"code": "owner", "kind": "yes_no", "text": {"en": "Does the caller own the flat?", "tr": "Ev sahibi mi?"}},
    {
        "code": "heard_of",
        "kind": "choice",
        "text": {"en": "Where did the caller hear of us?"},
        "options": [
            {"code": "web", "name": {"en": "Internet", "tr": "İnternet"}},
            {"code": "friend", "name": {"en": "A friend", "tr": "Tanıdık"}},
        ],
    },
    {"code": "age", "kind": "number", "unit": "years", "text": {"en": "How old is the appliance?"}},
    {"code": "wish", "kind": "text", "text": {"en": "What does the caller ask for besides?"}},
    {
        "code": "rival",
        "kind": "yes_no",
        "text": {"en": "Did the caller ask others, too?"},
        "categories": ["unnecessary_call"],
    },
]
SHIPPED = Taxonomy.shipped()
TAXONOMY = Taxonomy.model_validate(SHIPPED.model_dump() | {"questions": QUESTIONS})
CALL = call_transcribed(
    turn(Speaker.AGENT, "servis hattı buyurun"),
    turn(Speaker.CUSTOMER, "kombim akıtıyor ev benim altı yıllık İnternetten buldum sizi", 2.0),
    turn(Speaker.CUSTOMER, "gelirken fiş de getirin", 5.0),
)
GOOD: dict[str, Any] = {
    "owner": {"value": True, "turn": 1, "quote": "ev benim"},
    "heard_of": {"value": "web", "turn": 1, "quote": "internetten buldum"},
    "age": {"value": 6, "turn": 1, "quote": "Altı yıllık."},
    "wish": {"value": "fiş istiyor", "turn": 2, "quote": "fiş de getirin"},
    "rival": None,
}
both_clients = pytest.mark.parametrize("client", ["gemini", "gemini-legacy"])


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with gemini_server() as running:
        yield running


async def asked(client: ClassifierName, server: GeminiServer, *, floor: float = 0.5, **reply: Any) -> CallClassified:
    """Let the stage classify the call with one reply of the service."""
    settings = ClassifySettings(
        classifier=client, gemini_api_key=SecretStr("a-key"), gemini_endpoint=server.address, gemini_model="a-model"
    )
    server.script(answered(**reply))
    agent = ClassifyAgent(deciding(make_classifier(settings, TAXONOMY), TAXONOMY), floor)
    found = await agent.work(CALL)
    assert len(server.received) == 1
    assert CallClassified.model_validate_json(found.model_dump_json(), strict=True) == found
    return found


def values(found: CallClassified) -> dict[str, Any]:
    assert found.answers is not None
    return {code: answer.value for code, answer in found.answers.items()}


@both_clients
@pytest.mark.integration
async def test_answers_come_with_the_category_in_one_request_each_with_the_turn_that_says_it(
    client: ClassifierName, server: GeminiServer
) -> None:
    found = await asked(client, server, answers=GOOD)
    assert found.answers == {
        "owner": AnsweredQuestion(kind="yes_no", value=True, evidence=(core.quoted(CALL.turns, 1),)),
        "heard_of": AnsweredQuestion(kind="choice", value="web", evidence=(core.quoted(CALL.turns, 1),)),
        "age": AnsweredQuestion(kind="number", value=6.0, unit="years", evidence=(core.quoted(CALL.turns, 1),)),
        "wish": AnsweredQuestion(kind="text", value="fiş istiyor", evidence=(core.quoted(CALL.turns, 2),)),
    }
    body = server.received[0].body
    schema = body["generationConfig"]["responseSchema"]["properties"]["answers"]
    assert schema["required"] == ["owner", "heard_of", "age", "wish", "rival"]
    assert schema["properties"]["heard_of"]["properties"]["value"]["enum"] == ["web", "friend"]
    assert schema["properties"]["age"]["nullable"] is True
    said = body["systemInstruction"]["parts"][0]["text"]
    assert "- age: How old is the appliance? (a number of years)" in said
    assert "- heard_of: Where did the caller hear of us? (one of web (Internet), friend (A friend))" in said
    assert "(true or false; only for calls of unnecessary_call, otherwise null)" in said


LONG = "fiş " * 500
UNANSWERED = dict.fromkeys(("owner", "heard_of", "age", "wish"))
MISBEHAVIOUR: dict[str, tuple[Any, dict[str, Any]]] = {
    "no answers at all": ({}, UNANSWERED),
    "answers are null": ({"answers": None}, UNANSWERED),
    "answers in words": ({"answers": "MAHREM"}, UNANSWERED),
    "answers are a list": ({"answers": [GOOD["owner"]]}, UNANSWERED),
    "one is missing": ({"answers": {"owner": GOOD["owner"]}}, UNANSWERED | {"owner": True}),
    "one is null": ({"answers": GOOD | {"owner": None}}, {"owner": None}),
    "a bare value without a turn": ({"answers": GOOD | {"owner": True}}, {"owner": None}),
    "a question that nobody asked": ({"answers": GOOD | {"MAHREM": GOOD["owner"]}}, {}),
}
CHANGED: dict[str, tuple[str, dict[str, Any], Any]] = {
    "yes in words": ("owner", {"value": "Evet"}, True),
    "no in words": ("owner", {"value": "hayır"}, False),
    "maybe": ("owner", {"value": "MAHREM"}, None),
    "a number for yes or no": ("owner", {"value": 1}, None),
    "null in words": ("owner", {"value": "null"}, None),
    "an option that does not exist": ("heard_of", {"value": "MAHREM"}, None),
    "an option by its name": ("heard_of", {"value": "İNTERNET"}, "web"),
    "an option as a number": ("heard_of", {"value": 0}, None),
    "a number in digits": ("age", {"value": "6,5"}, 6.5),
    "a number in words": ("age", {"value": "MAHREM"}, None),
    "true for a number": ("age", {"value": True}, None),
    "endless": ("age", {"value": 10**400}, None),
    "text as a list": ("wish", {"value": ["MAHREM"]}, None),
    "empty text": ("wish", {"value": " "}, None),
    "a quote that nobody said": ("owner", {"quote": "evim kira MAHREM"}, None),
    "a quote of half a word": ("owner", {"quote": "ev ben"}, None),
    "a quote of another turn": ("owner", {"quote": "fiş de getirin"}, None),
    "a quote put together": ("owner", {"quote": "kombim benim"}, None),
    "no quote": ("owner", {"quote": ""}, None),
    "a quote that is only marks": ("owner", {"quote": "…!"}, None),
    "a quote as a number": ("owner", {"quote": 7}, None),
    "a turn that does not exist": ("owner", {"turn": 3}, None),
    "a turn before the first": ("owner", {"turn": -1}, None),
    "a turn in words": ("owner", {"turn": "MAHREM"}, None),
    "a turn in digits": ("owner", {"turn": "1"}, True),
}
MISBEHAVIOUR |= {
    name: ({"answers": GOOD | {code: GOOD[code] | change}}, {code: value})
    for name, (code, change, value) in CHANGED.items()
}


@both_clients
@pytest.mark.integration
@pytest.mark.parametrize(("reply", "differs"), MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
async def test_what_is_not_borne_out_by_the_call_is_no_answer_and_the_rest_stands(
    client: ClassifierName, server: GeminiServer, reply: dict[str, Any], differs: dict[str, Any]
) -> None:
    found = await asked(client, server, **reply)
    good = {code: GOOD[code]["value"] for code in UNANSWERED}
    assert values(found) == good | differs
    assert found.answers is not None
    assert all(bool(answer.evidence) is (answer.value is not None) for answer in found.answers.values())
    assert found.decision.category == "potential_customer"
    assert "MAHREM" not in found.model_dump_json()


@both_clients
@pytest.mark.integration
async def test_a_text_that_is_too_long_is_cut_and_on_one_line(client: ClassifierName, server: GeminiServer) -> None:
    wish = GOOD["wish"] | {"value": f"<b>\n{LONG}\x1b"}
    cut = values(await asked(client, server, answers=GOOD | {"wish": wish}))["wish"]
    assert len(cut) <= 200
    assert "…" in cut and not {*"<>\n\x1b"} & {*cut}


@both_clients
@pytest.mark.integration
async def test_a_question_for_some_categories_is_answered_of_their_calls_alone(
    client: ClassifierName, server: GeminiServer
) -> None:
    rival = {"rival": {"value": True, "turn": 1, "quote": "buldum sizi"}}
    found = await asked(client, server, answers=GOOD | rival)
    assert "rival" not in values(found)
    server.received.clear()
    complaint: dict[str, Any] = {"category": "unnecessary_call", "sub_category": "complaint"}
    assert values(await asked(client, server, answers=GOOD | rival, **complaint))["rival"] is True
    server.received.clear()
    unsure = await asked(client, server, floor=1.0, answers=GOOD | rival, **complaint)
    assert unsure.decision.category == "uncertain"
    assert "rival" not in values(unsure)


async def test_the_offline_classifier_answers_no_question_and_says_so() -> None:
    agent = ClassifyAgent(deciding(make_classifier(ClassifySettings(classifier="offline"), TAXONOMY), TAXONOMY), 0.5)
    assert (await agent.work(CALL)).answers is None
    nobody = call_transcribed(turn(Speaker.AGENT, "alo"))
    assert (await agent.work(nobody)).answers is None


def test_a_changed_question_is_another_prompt_and_none_is_the_same_prompt() -> None:
    versions = {prompt_version(SHIPPED), prompt_version(TAXONOMY)}
    changes: list[dict[str, Any]] = [
        {"text": {"en": "Is it the caller's own flat?"}},
        {"code": "owns"},
        {"kind": "text"},
        {"categories": ["uncertain"]},
    ]
    for change in changes:
        questions = [QUESTIONS[0] | change, *QUESTIONS[1:]]
        versions.add(prompt_version(Taxonomy.model_validate(SHIPPED.model_dump() | {"questions": questions})))
    assert len(versions) == 6
    assert "answers" not in make_prompt(CALL.turns, SHIPPED).schema["properties"]
    assert "$" not in instruction(SHIPPED) and "answers:" not in instruction(SHIPPED)


def test_a_template_of_ones_own_needs_a_place_for_questions_that_there_are(tmp_path: Path) -> None:
    template = tmp_path / "prompt.md"
    template.write_text(TEMPLATE.read_text(encoding="utf-8").replace("$questions", ""), encoding="utf-8")
    assert instruction(SHIPPED, template) == instruction(SHIPPED)
    with pytest.raises(CallsiftError, match=r"\$questions where the taxonomy has any"):
        instruction(TAXONOMY, template)


ANY = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(["web", "ev benim", 1, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "turn", "quote"]), inner),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from([*GOOD]), ANY | st.fixed_dictionaries({"value": ANY, "turn": ANY, "quote": ANY}))
)
def test_whatever_a_model_says_an_answer_is_of_its_kind_and_has_evidence(answers: dict[str, Any]) -> None:
    shown = {position: said.text for position, said in enumerate(CALL.turns)}
    found = read_answer(json.dumps(PLAUSIBLE | {"answers": answers}), TAXONOMY, shown)
    event = core.classified(CALL, found, core.Source("gemini", "x"), TAXONOMY, 0.5)
    assert CallClassified.model_validate_json(event.model_dump_json(), strict=True) == event
    kinds = {"yes_no": bool, "choice": str, "number": float, "text": str}
    for answer in (event.answers or {}).values():
        assert answer.value is None or (type(answer.value) is kinds[answer.kind] and answer.evidence)
