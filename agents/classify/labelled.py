"""Calls that a person has labelled: what a classifier is trained from and measured on."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas import FilePerSpeaker, OneFile, Recording, Speaker, Taxonomy
from streams.errors import CallsiftError


class UnusableLabels(CallsiftError):
    """A file of labelled calls is not what it should be."""


class SaidTurn(BaseModel):
    """One turn of a labelled dialogue."""

    model_config = ConfigDict(frozen=True)

    speaker: Speaker
    text: str


class LabelledCall(BaseModel):
    """One line of a file of labelled calls."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1)
    category: str
    sub_category: str | None = None

    @property
    def leaf(self) -> str:
        """Code of the finest level."""
        return self.sub_category or self.category


class Dialogue(LabelledCall):
    """A labelled call whose words are known."""

    turns: tuple[SaidTurn, ...]
    recognition_mistakes: bool = False

    @property
    def customer_speaks(self) -> bool:
        """Whether the customer says anything; if not, a rule decides before any classifier."""
        return any(turn.text.strip() for turn in self.turns if turn.speaker != Speaker.AGENT)


class RecordedCall(LabelledCall):
    """A labelled call of which only the recording is known."""

    recording: Recording
    """Paths on this machine, relative ones to the folder of the file."""
    language: str | None = None

    def beside(self, folder: Path) -> "RecordedCall":
        """Return the call with its relative paths taken from ``folder``."""
        match self.recording:
            case OneFile() as one:
                found: Recording = one.model_copy(update={"uri": str(folder / one.uri)})
            case FilePerSpeaker() as legs:
                found = legs.model_copy(
                    update={
                        who: leg.model_copy(update={"uri": str(folder / leg.uri)})
                        for who, leg in (("customer", legs.customer), ("agent", legs.agent))
                    }
                )
        return self.model_copy(update={"recording": found})


def read_labelled(paths: Sequence[Path], taxonomy: Taxonomy) -> list[Dialogue | RecordedCall]:
    """Read labelled calls, one JSON object a line.

    Raises:
        UnusableLabels: There is no such file, a line is no labelled call, its label is not in the taxonomy, or two
            calls share an identifier; the message names file and line, and quotes nothing that was said.
    """
    calls: list[Dialogue | RecordedCall] = []
    seen: set[str] = set()
    for path in paths:
        for place, line in _lines(path):
            call = _call(place, line, path.parent)
            try:
                taxonomy.leaf(call.category, call.sub_category)
            except ValueError as error:
                raise UnusableLabels(f"{place}, call {call.id}: {error}", "docs/categories.md lists them") from None
            if call.id in seen:
                raise UnusableLabels(f"{place}: a second call {call.id}", "Give every call an id of its own")
            seen.add(call.id)
            calls.append(call)
    return calls


def read_dialogues(paths: Sequence[Path]) -> list[Dialogue]:
    """Read labelled calls whose words are known.

    Raises:
        UnusableLabels: As ``read_labelled``, or one of them is a recording.
    """
    calls = read_labelled(paths, Taxonomy.load())
    dialogues = [call for call in calls if isinstance(call, Dialogue)]
    if len(dialogues) < len(calls):
        raise UnusableLabels("a line has a recording instead of turns", "Only dialogues can be learnt from")
    return dialogues


def _lines(path: Path) -> Iterable[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # not splitlines: a text may hold U+2028
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableLabels(f"cannot read {path}: {type(error).__name__}", "Name a file of labelled calls") from None
    return [(f"{path.name} line {number}", line) for number, line in enumerate(lines, 1) if line.strip()]


def _call(place: str, line: str, folder: Path) -> Dialogue | RecordedCall:
    try:
        content: Any = json.loads(line)
        if isinstance(content, dict) and "recording" in content:
            if isinstance(content["recording"], str):
                content["recording"] = {"uri": content["recording"]}
            return RecordedCall.model_validate(content).beside(folder)
        return Dialogue.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        found = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems[:3])
    except ValueError:
        found = "no JSON"
    raise UnusableLabels(f"{place} is no labelled call: {found}", "docs/accuracy.md shows what a line looks like")
