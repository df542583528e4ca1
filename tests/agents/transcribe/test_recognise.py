"""Recognition with the demo model: the words that were spoken, where they were spoken."""

from pathlib import Path

import pytest

from agents.audio.core import prepare
from agents.audio.prepared import Hearing, Prepared
from agents.transcribe.core import merge_turns, spans_to_decode
from agents.transcribe.recognise import fingerprint, load_model, recognise
from schemas import OneFile, Speaker, Word
from streams.errors import SettingsError
from tests.agents.demo_calls import RECORDINGS, SPEECH_MODEL, demo_calls

CALLS = demo_calls()
CHANNELS = {Speaker.CUSTOMER: 0, Speaker.AGENT: 1}


def prepared(name: str) -> Prepared:
    recording = CALLS[name].recording
    assert isinstance(recording, OneFile)
    hearing = Hearing(channels=CHANNELS, threshold=0.5, min_silence_s=0.3)
    return prepare(recording, {recording.uri: RECORDINGS / recording.uri}, hearing)


def heard(audio: Prepared) -> dict[Speaker, list[Word]]:
    return {
        speaker: recognise(
            audio.flac,
            channel,
            spans_to_decode(audio.speech[speaker], 0.2, audio.recording_facts.duration_s),
            SPEECH_MODEL,
        )
        for speaker, channel in CHANNELS.items()
    }


def word_errors(spoken: list[str], found: list[str]) -> int:
    """Substitutions, insertions and deletions (Levenshtein, by words)."""
    row = list(range(len(found) + 1))
    for count, word in enumerate(spoken, 1):
        before, row[0] = row[0], count
        for position, other in enumerate(found, 1):
            before, row[position] = (
                row[position],
                min(before + (word != other), row[position] + 1, row[position - 1] + 1),
            )
    return row[-1]


def test_word_errors_are_counted() -> None:
    assert word_errors(["a", "b", "c"], ["a", "b", "c"]) == 0
    assert word_errors(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert word_errors([], ["a", "b"]) == word_errors(["a", "b"], []) == 2


@pytest.mark.integration
@pytest.mark.parametrize(
    "name", ["leaking-washing-machine", "moving-house", "in-a-meeting", "electricians-own-dishwasher"]
)
def test_a_demo_call_is_understood(name: str) -> None:
    call, audio = CALLS[name], prepared(name)
    words = heard(audio)
    for speaker in CHANNELS:
        spoken, found = call.words(speaker), [word.text for word in words[speaker]]
        assert word_errors(spoken, found) <= 0.1 * len(spoken), f"{' '.join(spoken)}\n{' '.join(found)}"
    turns = merge_turns(words)
    assert [turn.speaker for turn in turns] == [turn.speaker for turn in call.turns]
    assert turns[-1].end_s <= audio.recording_facts.duration_s


@pytest.mark.integration
def test_words_lie_in_the_spans_that_were_decoded_and_in_order() -> None:
    audio = prepared("moving-house")
    spans = spans_to_decode(audio.speech[Speaker.CUSTOMER], 0.2, audio.recording_facts.duration_s)
    words = recognise(audio.flac, 0, spans, SPEECH_MODEL)
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)
    for word in words:
        assert 0 <= word.confidence <= 1
        assert word.start_s < word.end_s
        assert any(start - 0.01 <= word.start_s and word.end_s <= end + 0.05 for start, end in spans)


@pytest.mark.integration
def test_a_silent_span_has_no_words() -> None:
    audio = prepared("dead-line")
    assert recognise(audio.flac, 0, [(0.0, audio.recording_facts.duration_s)], SPEECH_MODEL) == []


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_without_a_model_is_a_settings_error_with_the_cure(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "model"
    if kind == "empty":
        folder.mkdir()
    elif kind == "file":
        folder.write_text("not a model", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"no Vosk model in {folder}.*CALLSIFT_VOSK_MODEL"):
        load_model(folder)


def test_the_fingerprint_names_the_folder_and_changes_with_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "vosk-model-tr"
    folder.mkdir()
    (folder / "final.mdl").write_bytes(b"12345")
    first = fingerprint(folder)
    assert first.startswith("vosk-model-tr@")
    assert fingerprint(folder) == first
    (folder / "final.mdl").write_bytes(b"123456")
    assert fingerprint(folder) != first
