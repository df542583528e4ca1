"""Dialogues from files, a JSON object a line: what was said in a call, to look at what a stage makes of words alone."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue, ValidationError

from schemas import Speaker, Turn
from schemas.from_outside import Text
from streams.errors import CallsiftError, broken_rules

ModelT = TypeVar("ModelT", bound=BaseModel)
DialogueT = TypeVar("DialogueT", bound="AnyDialogue")
_STANDARD_INPUT = Path("-")
_CURE = (
    'Name a file of lines like {"id": "1", "turns": [{"speaker": "customer", "text": "alo"}]}; '
    "docs/accuracy.md shows labels"
)


class AnyTurn(BaseModel):
    """One turn, without times; speakers are called as its origin calls them."""

    model_config = ConfigDict(frozen=True)

    speaker: str
    text: Text


class AnyDialogue(BaseModel):
    """Who said what in a call of any origin; further fields of the line are not looked at."""

    model_config = ConfigDict(frozen=True)

    id: JsonValue
    turns: tuple[AnyTurn, ...]


class SaidTurn(AnyTurn):
    """One turn of a speaker that we know."""

    speaker: Speaker


class Dialogue(AnyDialogue):
    """Who said what in a call, as a stage takes it."""

    id: str | int
    turns: tuple[SaidTurn, ...]
    ended_at: AwareDatetime | None = None
    """When the call ended, if that matters."""

    @property
    def transcript(self) -> tuple[Turn, ...]:
        """The turns as a transcript has them, without times."""
        return tuple(
            Turn(speaker=turn.speaker, start_s=0.0, end_s=0.0, text=turn.text, confidence=1.0) for turn in self.turns
        )

    @property
    def undivided(self) -> Self:
        """The same as it comes from a mono recording, in which nobody can tell who speaks."""
        turns = tuple(turn.model_copy(update={"speaker": Speaker.UNDIVIDED}) for turn in self.turns)
        return self.model_copy(update={"turns": turns})

    @property
    def customer_speaks(self) -> bool:
        """Whether the customer says anything; if not, a rule decides before any classifier."""
        return any(turn.text.strip() for turn in self.turns if turn.speaker != Speaker.AGENT)


def read_dialogues(path: Path, kind: type[DialogueT]) -> Iterator[DialogueT]:
    """Read dialogues of one kind, one by one; "-" is standard input.

    Raises:
        CallsiftError: As ``read_lines`` and ``parse``.
    """
    for place, line in read_lines(path):
        yield parse(kind, line, place, "dialogue")


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Give the place of each line that is not empty, in words, and the line.

    Raises:
        CallsiftError: There is no such file, or it is no text.
    """
    name = "standard input" if path == _STANDARD_INPUT else path.name
    try:
        with sys.stdin.buffer if path == _STANDARD_INPUT else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{name} line {number}", line.decode()
    except OSError as error:
        raise CallsiftError(f"cannot read {path}: {error.strerror}", _CURE) from None
    except UnicodeDecodeError:
        raise CallsiftError(f"{name} line {number} is not UTF-8", _CURE) from None


def parse(model: type[ModelT], line: str, place: str, what: str) -> ModelT:
    """Read one line as a model; ``what`` it is to be goes into the message.

    Raises:
        CallsiftError: It is something else; the message names place, field and rule, and quotes nothing that was said.
    """
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        raise CallsiftError(f"{place} is no {what}: {broken_rules(error)}", _CURE) from None
