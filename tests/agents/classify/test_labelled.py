"""Reading labelled calls: what is wrong is named by file, line and field, and nothing that was said is quoted."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.classify.labelled import LabelledDialogue, RecordedCall, read_labelled, read_labelled_dialogues
from schemas import FilePerSpeaker, OneFile, Taxonomy
from streams.errors import CallsiftError

TAXONOMY = Taxonomy.load()
GOOD: dict[str, Any] = {
    "id": "a",
    "turns": [{"speaker": "customer", "text": "gizli söz"}],
    "category": "unnecessary_call",
    "sub_category": "complaint",
}


def read(path: Path, *lines: Any) -> list[LabelledDialogue | RecordedCall]:
    file = path / "mine.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return read_labelled([file], TAXONOMY)


def test_turns_and_recordings_can_stand_in_one_file(tmp_path: Path) -> None:
    label = {"category": "empty_call", "sub_category": None}
    legs = {"customer": {"uri": "c.wav"}, "agent": {"uri": "/elsewhere/a.wav", "offset_s": 0.5}}
    found = read(
        tmp_path,
        GOOD,
        {"id": "b", "recording": "b.wav", **label},
        "",
        {"id": "c", "recording": {"uri": "c.wav", "channels": {"customer": 1, "agent": 0}}, **label},
        {"id": "d", "recording": legs, **label},
    )
    assert isinstance(found[0], LabelledDialogue)
    one, channels, two = (call.recording for call in found[1:] if isinstance(call, RecordedCall))
    assert isinstance(one, OneFile)
    assert one.uri == str(tmp_path / "b.wav")  # relative paths are meant from the file's folder
    assert isinstance(channels, OneFile)
    assert channels.channels is not None
    assert isinstance(two, FilePerSpeaker)
    assert (two.agent.uri, two.agent.offset_s) == ("/elsewhere/a.wav", 0.5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json, gizli", "line 2 is no labelled call: all of it: Invalid JSON"),
        ([1], "line 2 is no labelled call"),
        (GOOD | {"id": "b", "turns": [{"speaker": "caller", "text": "gizli"}]}, "turns.0.speaker"),
        (GOOD | {"id": "b", "turns": [{"speaker": "agent"}]}, "turns.0.text"),
        ({"id": "b", "category": "empty_call"}, "turns"),
        ({"id": "b", "recording": {"url": "x"}, "category": "empty_call"}, "recording"),
        (GOOD | {"id": "b", "sub_category": None}, "line 2, call b: no leaf 'unnecessary_call'"),
        (GOOD | {"id": "b", "category": "refund"}, "no leaf 'refund'"),
        (GOOD, "a second call a"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_not_quoted(tmp_path: Path, line: Any, said: str) -> None:
    with pytest.raises(CallsiftError) as refused:
        read(tmp_path, GOOD, line)
    assert said in str(refused.value)
    assert "mine.jsonl" in str(refused.value)
    assert "gizli" not in str(refused.value)


def test_a_line_separator_within_a_text_ends_no_line(tmp_path: Path) -> None:
    turns = [{"speaker": "customer", "text": "bir\u2028iki"}]
    assert len(read(tmp_path, json.dumps(GOOD | {"turns": turns}, ensure_ascii=False))) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallsiftError, match=r"none\.jsonl"):
        read_labelled([tmp_path / "none.jsonl"], TAXONOMY)


def test_nothing_can_be_learnt_from_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"id": "b", "recording": "b.wav", "category": "empty_call"}))
    with pytest.raises(CallsiftError, match="recording instead of turns"):
        read_labelled_dialogues([path])
