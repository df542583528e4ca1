"""Calls that a person has labelled: what a classifier is trained from and measured on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agents.classify.dialogues import Dialogue, parse, read_lines
from schemas import Recording, Taxonomy
from streams.errors import CallsiftError


class LabelledCall(BaseModel):
    """One line of a file of labelled calls."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1)
    category: str
    sub_category: str | None = None
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """How many calls it stands for, where it was drawn with another chance than others; only comparisons use it."""

    @property
    def leaf(self) -> str:
        """Code of the finest level."""
        return self.sub_category or self.category


class LabelledDialogue(Dialogue, LabelledCall):
    """A labelled call whose words are known."""

    id: str = Field(min_length=1)
    recognition_mistakes: bool = False


class RecordedCall(LabelledCall):
    """A labelled call of which only the recording is known."""

    recording: Recording
    """Paths on this machine, relative ones to the folder of the file."""
    language: str | None = None

    @field_validator("recording", mode="before")
    @classmethod
    def _one_file(cls, value: Any) -> Any:
        return {"uri": value} if isinstance(value, str) else value


def read_labelled(paths: Sequence[Path], taxonomy: Taxonomy) -> list[LabelledDialogue | RecordedCall]:
    """Read labelled calls, one JSON object a line.

    Raises:
        CallsiftError: There is no such file, a line is no labelled call, its label is not in the taxonomy, or two
            calls share an identifier; the message names file and line, and quotes nothing that was said.
    """
    calls: dict[str, LabelledDialogue | RecordedCall] = {}
    for path in paths:
        for place, line in read_lines(path):
            call = _call(place, line, path.parent)
            try:
                taxonomy.leaf(call.category, call.sub_category)
            except ValueError as error:
                raise CallsiftError(f"{place}, call {call.id}: {error}", "docs/categories.md lists them") from None
            if call.id in calls:
                raise CallsiftError(f"{place}: a second call {call.id}", "Give every call an id of its own")
            calls[call.id] = call
    return list(calls.values())


def read_labelled_dialogues(paths: Sequence[Path], taxonomy: Taxonomy | None = None) -> list[LabelledDialogue]:
    """Read labelled calls whose words are known; without a ``taxonomy`` the labels are of the one in use.

    Raises:
        CallsiftError: As ``read_labelled``, or one of them is a recording.
    """
    calls = read_labelled(paths, taxonomy or Taxonomy.load())
    dialogues = [call for call in calls if isinstance(call, LabelledDialogue)]
    if len(dialogues) < len(calls):
        raise CallsiftError("a line has a recording instead of turns", "Only dialogues can be learnt from")
    return dialogues


def _call(place: str, line: str, folder: Path) -> LabelledDialogue | RecordedCall:
    if not _names_recording(line):
        return parse(LabelledDialogue, line, place, "labelled call")
    call = parse(RecordedCall, line, place, "labelled call")
    return call.model_copy(update={"recording": call.recording.moved(lambda uri: str(folder / uri))})


def _names_recording(line: str) -> bool:
    try:
        content = json.loads(line)
    except ValueError:
        return False
    return isinstance(content, dict) and "recording" in content
