"""The question to a hosted model: made from the taxonomy, with the transcript fenced as data."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from schemas import Taxonomy, Turn
from schemas.taxonomy import SubCategory

_TEMPLATE = Path(__file__).with_name("prompt.md")


@dataclass(frozen=True)
class Prompt:
    """One request, apart from the model's name."""

    instruction: str
    """What the model is told."""
    transcript: str
    """What it is to judge: numbered turns, fenced."""
    schema: dict[str, Any]
    """JSON schema of the answer."""


def make_prompt(turns: Sequence[Turn], taxonomy: Taxonomy) -> Prompt:
    """Make the request for one transcript."""
    lines = (f"{position} {turn.speaker}: {_harmless(turn.text)}" for position, turn in enumerate(turns))
    return Prompt(
        instruction=_instruction(taxonomy.model_dump_json()),
        transcript="\n".join(["<transcript>", *lines, "</transcript>"]),
        schema=_answer_schema(taxonomy),
    )


def prompt_version(taxonomy: Taxonomy) -> str:
    """Name the prompt: the digest of everything that is sent apart from the transcript."""
    return hashlib.sha256(_instruction(taxonomy.model_dump_json()).encode()).hexdigest()[:12]


@cache
def _instruction(taxonomy_json: str) -> str:
    taxonomy = Taxonomy.model_validate_json(taxonomy_json)
    entries: list[str] = []
    for category in taxonomy.categories:
        entries.append(_entry(category, 0))
        entries += [_entry(sub_category, 1) for sub_category in category.sub_categories]
    rules = [f"{number}. {rule.when}: {rule.leaf}" for number, rule in enumerate(taxonomy.precedence, 1)]
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        company=taxonomy.company.strip(), categories="\n".join(entries), precedence="\n".join(rules)
    )


def _entry(entry: SubCategory, depth: int) -> str:
    parts = [f"{'  ' * depth}- {entry.code}: {entry.definition.strip()}"]
    for label, items in (
        ("Also", entry.belongs),
        ("Not", entry.excludes),
        ("For example", entry.examples),
    ):
        parts += [f"{label}: {'; '.join(items)}."] if items else []
    return " ".join(parts)


def _harmless(text: str) -> str:
    """Take away what could look like the end of the fence, or like a turn of its own."""
    return " ".join(text.replace("<", " ").replace(">", " ").split())


def _answer_schema(taxonomy: Taxonomy) -> dict[str, Any]:
    """Only what both of Google's SDKs can send: neither knows bounds of numbers. `read_answer` checks those."""
    sub_categories = [leaf.sub_category for leaf in taxonomy.leaves.values() if leaf.sub_category]
    return {
        "type": "object",
        "properties": {
            "category": {"type": "string", "enum": [category.code for category in taxonomy.categories]},
            "sub_category": {"type": "string", "enum": sub_categories, "nullable": True},
            "confidence": {"type": "number"},
            "justification": {"type": "string"},
            "evidence": {"type": "array", "items": {"type": "integer"}},
            "summary": {"type": "string"},
        },
        "required": ["category", "sub_category", "confidence", "justification", "evidence", "summary"],
    }
