"""The question to a hosted model."""

import json
from datetime import datetime

from agents.classify.hosted.prompt import make_prompt, prompt_version
from schemas import Speaker, Taxonomy
from tests.schemas.examples import turn

TAXONOMY = Taxonomy.load()
TURNS = (turn(Speaker.AGENT, "buyurun"), turn(Speaker.CUSTOMER, "kombim bozuldu", 2.0))


def test_the_instruction_defines_every_category_with_its_cases() -> None:
    instruction = make_prompt(TURNS, TAXONOMY).instruction
    for category in TAXONOMY.categories:
        for entry in (category, *category.sub_categories):
            assert f"- {entry.code}: {entry.definition.strip()}" in instruction
            for case in (*entry.belongs, *entry.excludes, *entry.examples):
                assert case in instruction


def test_the_instruction_gives_the_order_of_precedence() -> None:
    instruction = make_prompt(TURNS, TAXONOMY).instruction
    positions = [instruction.index(f"{rule.when}: {rule.leaf}") for rule in TAXONOMY.precedence]
    assert positions == sorted(positions)


def test_the_instruction_has_no_placeholder_left() -> None:
    assert "$" not in make_prompt(TURNS, TAXONOMY).instruction


def test_turns_are_numbered_from_zero_within_the_transcript_block() -> None:
    assert make_prompt(TURNS, TAXONOMY).transcript.splitlines() == [
        "<transcript>",
        "0 agent: buyurun",
        "1 customer: kombim bozuldu",
        "</transcript>",
    ]


def test_the_schema_allows_what_the_taxonomy_has_and_nothing_else() -> None:
    properties = make_prompt(TURNS, TAXONOMY).schema["properties"]
    assert set(properties["category"]["enum"]) == {category.code for category in TAXONOMY.categories}
    named = {leaf.sub_category for leaf in TAXONOMY.leaves.values() if leaf.sub_category}
    assert set(properties["sub_category"]["enum"]) == named
    json.dumps(properties)


def test_the_version_changes_with_the_taxonomy_and_not_with_the_call() -> None:
    assert prompt_version(TAXONOMY) == prompt_version(Taxonomy.load())
    changed = TAXONOMY.model_copy(update={"company": "A marketplace for movers."})
    assert prompt_version(changed) != prompt_version(TAXONOMY)
    assert make_prompt(TURNS, changed).instruction != make_prompt(TURNS, TAXONOMY).instruction


def test_the_time_of_the_call_stands_outside_the_transcript_block() -> None:
    prompt = make_prompt(TURNS, TAXONOMY, local_time=datetime(2026, 10, 5, 14, 3))
    assert "Monday, 2026-10-05 at 14:03" in prompt.context
    assert "unknown time" in make_prompt(TURNS, TAXONOMY).context


def test_a_repair_adds_what_was_wrong_and_changes_nothing_else() -> None:
    prompt = make_prompt(TURNS, TAXONOMY)
    repaired = prompt.repaired("confidence: too high")
    assert repaired.context.startswith(prompt.context)
    assert "confidence: too high" in repaired.context
    assert (repaired.transcript, repaired.instruction, repaired.schema) == (
        prompt.transcript,
        prompt.instruction,
        prompt.schema,
    )
