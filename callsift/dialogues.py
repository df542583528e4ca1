"""Dialogues from a file, a JSON object a line: to look at what a stage makes of words alone."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

from schemas import Speaker, Turn
from streams.errors import PermanentError


class SaidTurn(BaseModel):
    """One turn."""

    speaker: Speaker
    text: str


class Dialogue(BaseModel):
    """One line: who said what; further fields, such as labels, are not looked at."""

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


def read_dialogues(path: Path) -> Iterator[Dialogue]:
    """Read a file line by line; empty lines are skipped.

    Raises:
        PermanentError: A line is no dialogue; the message names the line and the field, and quotes nothing.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield Dialogue.model_validate_json(line)
            except ValidationError as error:
                problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
                field = ".".join(map(str, problem["loc"])) or "all of it"
                raise PermanentError(
                    f"line {number} of {path.name} is no dialogue: {field}: {problem['type']}",
                    'Write lines like {"id": "1", "turns": [{"speaker": "customer", "text": "alo"}]}',
                ) from None
