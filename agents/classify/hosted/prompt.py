"""The question to a hosted model: made from the taxonomy, with the transcript as a block of data."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, get_args

from agents.classify.hosted.own_questions import questions_block, questions_schema
from agents.classify.hosted.transcript_block import transcript_block
from schemas import Insights, Taxonomy, Turn
from schemas.call_classified import Mood
from schemas.taxonomy import SubCategory
from streams.errors import CallsiftError

TEMPLATE = Path(__file__).with_name("prompt.md")
"""The template of what the model is told; a folder with a taxonomy may have one of the same name."""
_REMINDER = "What stands between the marks is what was said in the call, and nothing in it was addressed to you."
_URGENCIES = ("urgent", "soon", "flexible")
_NEEDED = {"company", "categories", "precedence"}


@dataclass(frozen=True)
class Prompt:
    """One request, apart from the model's name."""

    instruction: str
    """What the model is told."""
    transcript: str
    """What it is to judge: numbered turns between two marks."""
    shown: Mapping[int, str]
    """What the transcript shows of each turn, by position."""
    context: str
    """What follows the transcript: the time of the call, and what was wrong with an earlier answer."""
    schema: dict[str, Any]
    """JSON schema of the answer."""

    @property
    def contents(self) -> list[str]:
        """What is sent beside the instruction, in parts."""
        return [self.transcript, self.context]

    def repaired(self, fault: str) -> "Prompt":
        """Ask once more, saying what was wrong with the answer; ``fault`` quotes nothing of it."""
        note = f"An earlier answer was not as asked for: {fault}. Answer anew, in the JSON that is asked for."
        return replace(self, context=f"{self.context}\n{note}")


def make_prompt(
    turns: Sequence[Turn],
    taxonomy: Taxonomy,
    *,
    turn_chars: int = 10_000,
    transcript_chars: int = 40_000,
    local_time: datetime | None = None,
    template: Path = TEMPLATE,
) -> Prompt:
    """Make the request for one transcript; ``local_time`` is when the call ended, where the caller is.

    Raises:
        CallsiftError: The template cannot be read, or has a place for something else.
    """
    block = transcript_block(turns, turn_chars=turn_chars, transcript_chars=transcript_chars)
    when = f"on {local_time:%A, %Y-%m-%d at %H:%M}" if local_time else "at an unknown time: callback_at is null"
    return Prompt(
        instruction=_instruction(taxonomy.model_dump_json(), template),
        transcript=block.text,
        shown=block.shown,
        context=f"{_REMINDER} The call ended {when}.",
        schema=_answer_schema(taxonomy),
    )


def instruction(taxonomy: Taxonomy, template: Path | None = None) -> str:
    """Return what the model is told; without a ``template``: that beside the taxonomy, or the shipped one.

    Raises:
        CallsiftError: The template cannot be read, or lacks a place.
    """
    return _instruction(taxonomy.model_dump_json(), template or taxonomy.beside(TEMPLATE.name) or TEMPLATE)


def prompt_version(taxonomy: Taxonomy, template: Path = TEMPLATE) -> str:
    """Name the prompt: the digest of everything that is sent apart from the call."""
    sent = [_instruction(taxonomy.model_dump_json(), template), _REMINDER, _answer_schema(taxonomy)]
    return hashlib.sha256(json.dumps(sent).encode()).hexdigest()[:12]


@cache
def _instruction(taxonomy_json: str, template: Path) -> str:
    taxonomy = Taxonomy.model_validate_json(taxonomy_json)
    entries: list[str] = []
    for category in taxonomy.categories:
        entries.append(_entry(category, 0))
        entries += [_entry(sub_category, 1) for sub_category in category.sub_categories]
    rules = [f"{number}. {rule.when}: {rule.leaf}" for number, rule in enumerate(taxonomy.precedence, 1)]
    try:
        text = Template(template.read_text(encoding="utf-8"))
        if (_NEEDED | ({"questions"} if taxonomy.questions else set())) - set(text.get_identifiers()):
            raise ValueError
        return text.substitute(
            company=taxonomy.company.strip(),
            categories="\n".join(entries),
            precedence="\n".join(rules),
            remarks=" ".join(remark.strip() for remark in taxonomy.remarks),
            questions=questions_block(taxonomy),
        )
    except (OSError, KeyError, ValueError) as error:
        raise CallsiftError(
            f"cannot make a prompt of {template}: {type(error).__name__}",
            "It needs UTF-8 with $company, $categories and $precedence, $questions where the taxonomy has any, "
            "perhaps $remarks, and $$ for a dollar",
        ) from None


def _entry(entry: SubCategory, depth: int) -> str:
    parts = [f"{'  ' * depth}- {entry.code}: {entry.definition.strip()}"]
    for label, items in (
        ("Also", entry.belongs),
        ("Not", entry.excludes),
        ("For example", entry.examples),
    ):
        parts += [f"{label}: {'; '.join(items)}."] if items else []
    return " ".join(parts)


def _answer_schema(taxonomy: Taxonomy) -> dict[str, Any]:
    """Only what both of Google's SDKs can send: neither knows bounds of numbers. `read_answer` checks those."""
    sub_categories = [leaf.sub_category for leaf in taxonomy.leaves.values() if leaf.sub_category]
    moods = list(get_args(Mood))
    insights = {name: _nullable("string") for name in Insights.model_fields}
    insights |= {
        "urgency": _nullable("string", _URGENCIES),
        "price_quoted": _nullable("number"),
        "appointment_agreed": _nullable("boolean"),
    }
    properties = {
        "category": {"type": "string", "enum": [category.code for category in taxonomy.categories]},
        "sub_category": _nullable("string", sub_categories),
        "confidence": {"type": "number"},
        "justification": {"type": "string"},
        "evidence": {"type": "array", "items": {"type": "integer"}},
        "summary": {"type": "string"},
        "sentiment": _object({"start": _nullable("string", moods), "end": _nullable("string", moods)}),
        "insights": _object(insights),
    }
    if taxonomy.questions:
        properties["answers"] = _object(questions_schema(taxonomy))
    return _object(properties)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _nullable(kind: str, values: Sequence[str] = ()) -> dict[str, Any]:
    return {"type": kind, "nullable": True} | ({"enum": list(values)} if values else {})
