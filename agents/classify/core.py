"""What the classify stage decides: pure functions of a transcript, an answer and the taxonomy."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from schemas import CallClassified, CallTranscribed, Decision, Evidence, Leaf, Speaker, Taxonomy, Turn, Versions
from schemas.taxonomy import EMPTY_CALL, UNCERTAIN

RULE = "rule"
NO_CUSTOMER_SPEECH = "rule:no-customer-speech"
_QUOTE_LIMIT = 500
_NOBODY_SPOKE = "Müşteri tarafında anlaşılır bir konuşma yok."


@dataclass(frozen=True)
class Answer:
    """What a classifier says of a call."""

    leaf: Leaf
    confidence: float
    """0 to 1."""
    justification: str
    evidence: tuple[int, ...] = ()
    """Positions of turns in the transcript, counted from 0."""
    summary: str | None = None


@dataclass(frozen=True)
class Source:
    """Which classifier answered."""

    classifier: str
    model: str
    prompt: str | None = None


def customer_spoke(call: CallTranscribed) -> bool:
    """Tell whether there is anything to ask a classifier about."""
    return any(turn.text.strip() for turn in call.turns if turn.speaker != Speaker.AGENT)


def empty_call(call: CallTranscribed, taxonomy: Taxonomy) -> CallClassified:
    """Classify a call in which the customer said nothing; nobody needs to be asked."""
    decision = Decision(category=EMPTY_CALL, sub_category=None, confidence=1.0, justification=_NOBODY_SPOKE)
    return _classified(call, decision, Source(RULE, NO_CUSTOMER_SPEECH), taxonomy)


def classified(
    call: CallTranscribed, answer: Answer, source: Source, taxonomy: Taxonomy, floor: float
) -> CallClassified:
    """Turn a classifier's answer into the event; below the confidence ``floor`` the call is Uncertain.

    Raises:
        ValueError: The answer names a leaf that the taxonomy lacks, or a turn that the transcript lacks.
    """
    leaf = taxonomy.leaf(*answer.leaf)
    unsure = answer.confidence < floor
    decision = Decision(
        category=UNCERTAIN if unsure else leaf.category,
        sub_category=None if unsure else leaf.sub_category,
        confidence=round(answer.confidence, 4),
        justification=answer.justification,
        evidence=tuple(quoted(call.turns, position) for position in answer.evidence),
        summary=answer.summary,
        best_guess=leaf.code if unsure else None,
    )
    return _classified(call, decision, source, taxonomy)


def quoted(turns: Sequence[Turn], position: int) -> Evidence:
    """Quote a turn: its first 500 characters, since a speaker whom nobody interrupts may have one turn for hours.

    Raises:
        ValueError: There is no such turn.
    """
    if not 0 <= position < len(turns):
        raise ValueError(f"turn {position} does not exist, the call has {len(turns)}")
    turn = turns[position]
    quote = turn.text if len(turn.text) <= _QUOTE_LIMIT else f"{turn.text[: _QUOTE_LIMIT - 1].rstrip()}…"
    return Evidence(turn=position, speaker=turn.speaker, start_s=turn.start_s, end_s=turn.end_s, quote=quote)


def _classified(call: CallTranscribed, decision: Decision, source: Source, taxonomy: Taxonomy) -> CallClassified:
    versions = Versions(
        taxonomy=taxonomy.version, prompt=source.prompt, model=source.model, speech_model=call.speech_model
    )
    return CallClassified.following(
        call,
        classification_id=_identity(call, versions),
        classifier=source.classifier,
        decision=decision,
        versions=versions,
    )


def _identity(call: CallTranscribed, versions: Versions) -> str:
    """Give the same transcript under the same versions the same identifier, whoever asks and however often."""
    said = [(turn.speaker, turn.text) for turn in call.turns]
    content = json.dumps([call.call_id, said, versions.model_dump(mode="json")], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:32]
