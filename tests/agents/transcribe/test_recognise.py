"""Recognition with the demo model: the words that were spoken, where they were spoken."""

from pathlib import Path

import pytest
import soundfile

from agents.transcribe.core import merge_turns, spans_to_decode
from agents.transcribe.prepared_audio import UnreadableAudio
from agents.transcribe.recognise import load_model, recognise
from agents.transcribe.span import AudioSpan
from schemas import SIDES, AudioReady, Speaker, Word
from streams.errors import SettingsError
from streams.payloads.claim_check import ClaimCheckStore
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.prepared_calls import CALLS, ready


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ClaimCheckStore:
    return ClaimCheckStore(tmp_path_factory.mktemp("audio").as_uri())


def claimed(call: AudioReady, folder: Path) -> Path:
    flac = folder / "prepared.flac"
    ClaimCheckStore.get_file(call.audio, flac)
    return flac


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
def test_a_demo_call_is_understood(name: str, store: ClaimCheckStore, tmp_path: Path) -> None:
    call, spoken_call = ready(name, store), CALLS[name]
    spans = spans_to_decode(call, 0.2)
    words: dict[Speaker, list[Word]] = {speaker: [] for speaker in SIDES}
    for span, found in zip(spans, recognise(claimed(call, tmp_path), spans, SPEECH_MODEL), strict=True):
        words[call.audio_channels[span.channel]] += found
    for speaker in SIDES:
        spoken, understood = spoken_call.words(speaker), [word.text for word in words[speaker]]
        assert word_errors(spoken, understood) <= 0.1 * len(spoken), f"{' '.join(spoken)}\n{' '.join(understood)}"
    turns = merge_turns(words)
    assert [turn.speaker for turn in turns] == [turn.speaker for turn in spoken_call.turns]
    assert turns[-1].end_s <= call.recording_facts.duration_s


@pytest.mark.integration
def test_words_lie_in_the_spans_that_were_decoded_and_in_order(store: ClaimCheckStore, tmp_path: Path) -> None:
    call = ready("moving-house", store)
    spans = spans_to_decode(call, 0.2)
    for span, words in zip(spans, recognise(claimed(call, tmp_path), spans, SPEECH_MODEL), strict=True):
        assert [word.start_s for word in words] == sorted(word.start_s for word in words)
        for word in words:
            assert 0 <= word.confidence <= 1
            assert span.start_s - 0.01 <= word.start_s < word.end_s <= span.end_s + 0.05


@pytest.mark.integration
def test_a_span_gives_the_same_words_alone_as_among_others(store: ClaimCheckStore, tmp_path: Path) -> None:
    call = ready("leaking-washing-machine", store)
    flac, spans = claimed(call, tmp_path), spans_to_decode(call, 0.2)
    together = recognise(flac, spans, SPEECH_MODEL)
    assert [recognise(flac, [span], SPEECH_MODEL)[0] for span in reversed(spans)] == together[::-1]
    assert recognise(flac, spans[::3], SPEECH_MODEL) == together[::3]
    assert sum(map(bool, together)) > 3


@pytest.mark.integration
def test_a_silent_span_has_no_words(store: ClaimCheckStore, tmp_path: Path) -> None:
    call = ready("dead-line", store)
    silent = AudioSpan(0, 0.0, call.recording_facts.duration_s)
    assert recognise(claimed(call, tmp_path), [silent], SPEECH_MODEL) == [[]]


@pytest.mark.parametrize("kind", ["no audio", "too short", "one channel"])
def test_audio_that_is_not_what_was_promised_is_a_permanent_error(tmp_path: Path, kind: str) -> None:
    flac = tmp_path / "prepared.flac"
    soundfile.write(flac, [[0.0] * (1 if kind == "one channel" else 2)] * 16000, 16000)
    if kind == "no audio":
        flac.write_bytes(b"not FLAC at all")
    span = AudioSpan(1, 5.0, 6.0) if kind == "too short" else AudioSpan(1, 0.0, 0.5)
    with pytest.raises(UnreadableAudio, match="Replay the call-ended event"):
        recognise(flac, [span], SPEECH_MODEL)


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_without_a_model_is_a_settings_error_with_the_cure(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "model"
    if kind == "empty":
        folder.mkdir()
    elif kind == "file":
        folder.write_text("not a model", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"no Vosk model in {folder}.*CALLSIFT_VOSK_MODEL"):
        load_model(folder)
