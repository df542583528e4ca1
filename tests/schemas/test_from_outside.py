"""What producers send in places that nobody here names, and in which forms a moment is taken."""

import json
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from agents.classify.dialogues import AnyDialogue, Dialogue, read_dialogues
from agents.transcribe.corrections import Corrections
from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.redaction import Said, Span
from schemas import CallEnded, CallTranscribed, Taxonomy
from schemas.from_outside import composed, holdable_fields
from streams.decoding import decode
from streams.errors import UnreadableEvent
from tests.agents.transcribe.redaction.measure import labelled_lines
from tests.schemas.examples import call_ended, call_transcribed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
MOMENT = datetime(2025, 11, 28, 3, 20, tzinfo=UTC)


def sent(**fields: Any) -> CallEnded:
    """Read a call-ended event as the audio stage does."""
    return decode(CallEnded, json.dumps(json.loads(call_ended().model_dump_json()) | fields).encode())


@given(st.dictionaries(st.text(), JSON))
def test_whatever_a_producer_sends_can_be_stored_and_means_the_same(fields: dict[str, Any]) -> None:
    held = holdable_fields(fields)
    bson.encode(held)
    assert holdable_fields(held) == held
    if "\0" not in json.dumps(fields).replace("\\u0000", "\0"):
        assert json.dumps(held).replace('"', "") == json.dumps(fields).replace('"', "")


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30, 2**63 - 1])
def test_an_integer_beyond_64_bits_becomes_its_digits(number: int) -> None:
    event = sent(metadata={"order": number, "list": [number]}, campaign={"order": number})
    expected = number if number == 2**63 - 1 else str(number)
    assert event.metadata == {"order": expected, "list": [expected]}
    assert event.model_extra == {"campaign": {"order": expected}}


def test_nul_in_a_name_becomes_visible() -> None:
    assert sent(metadata={"a\0b": {"\0": "x\0"}}).metadata == {"a␀b": {"␀": "x\0"}}


def test_metadata_that_is_nested_too_deep_is_refused_by_name() -> None:
    deep: Any = 1
    for _ in range(90):
        deep = [deep]
    with pytest.raises(UnreadableEvent, match=r"metadata: .*nested deeper than 80 levels"):
        sent(metadata={"deep": deep})


@pytest.mark.parametrize(
    "written",
    [1764300000, 1764300000.0, "1764300000", 1764300000000, "1764300000000", "2025-11-28T06:20:00+03:00"],
)
def test_a_moment_is_taken_in_every_documented_form(written: object) -> None:
    event = sent(ended_at=written, started_at=written)
    assert event.ended_at == event.started_at == MOMENT


@pytest.mark.parametrize("written", ["2025-11-28T06:20:00", "2025-11-28", "yesterday", "", 1e300, "nan"])
def test_another_form_is_refused_with_the_forms_that_are_taken(written: object) -> None:
    with pytest.raises(UnreadableEvent, match=r"ended_at: .*expected RFC 3339 with an offset .* since 1970"):
        sent(ended_at=written)


@pytest.mark.parametrize("written", [True, None, [], {}])
def test_what_is_no_moment_at_all_is_refused(written: object) -> None:
    with pytest.raises(UnreadableEvent, match="ended_at"):
        sent(ended_at=written)


def in_pieces(text: str) -> str:
    """Write letters as macOS does: the letter, then what hangs on it."""
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize("word", ["beş", "yüz", "çağrı", "İstanbul", "kırkağaç", "öğüt"])
def test_letters_in_pieces_are_put_together_wherever_text_comes_in(word: str) -> None:
    turns = json.loads(call_transcribed().model_dump_json())["turns"]
    turns[0] |= {"text": in_pieces(word), "normalised": in_pieces(word)}
    turns[0]["words"][0] |= {"text": in_pieces(word), "heard": in_pieces(word)}
    content = json.loads(call_transcribed().model_dump_json()) | {"turns": turns, "queue": in_pieces(word)}
    event = decode(CallTranscribed, json.dumps(content).encode())
    spoken = event.turns[0]
    assert {spoken.text, spoken.normalised, spoken.words[0].text, spoken.words[0].heard, event.queue} == {word}
    dialogue = {"id": "1", "turns": [{"speaker": "customer", "text": in_pieces(word)}]}
    assert Dialogue.model_validate(dialogue).turns[0].text == word


def test_what_other_languages_make_of_a_dotted_capital_is_an_i() -> None:
    assert composed("İZMİR".lower()) == "izmir"


def test_a_list_of_corrections_and_a_taxonomy_may_be_written_in_pieces(tmp_path: Path) -> None:
    corrections, taxonomy = tmp_path / "corrections.tsv", tmp_path / "taxonomy.yaml"
    corrections.write_text(in_pieces("arçelyk\tarçelik\n"), encoding="utf-8")
    assert Corrections.read(corrections, TURKISH).meant == {("arçelyk",): ("arçelik",)}
    shipped = Path(schemas.__file__).with_name("taxonomy.yaml")
    taxonomy.write_text(in_pieces(shipped.read_text(encoding="utf-8")), encoding="utf-8")
    assert Taxonomy.load(taxonomy).model_dump() == Taxonomy.load().model_dump()


def test_redaction_finds_as_much_in_letters_in_pieces(tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole.jsonl", tmp_path / "pieces.jsonl"
    lines = [{"id": line["id"], "turns": line["turns"]} for line in labelled_lines("held_out")]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    whole.write_text(text, encoding="utf-8")
    pieces.write_text(in_pieces(text), encoding="utf-8")
    assert in_pieces(text) != text

    def found(path: Path) -> list[tuple[Span, ...]]:
        dialogues = read_dialogues(path, AnyDialogue)
        return [TURKISH.redact([Said(turn.speaker, turn.text) for turn in own.turns]).spans for own in dialogues]

    assert found(pieces) == found(whole)
    assert sum(map(len, found(whole))) > 50
