"""Whatever the format, the transcript is that of the call as recorded. ``pytest -rP`` prints what was measured."""

from pathlib import Path

import jiwer
import pytest

from agents.audio.settings import AudioSettings
from agents.classify.settings import ClassifySettings
from agents.transcribe.settings import TranscribeSettings
from callsift.inspection import Inspected, inspect_recording
from schemas import SIDES, CallTranscribed, OneFile, Recording, Speaker
from tests.agents.audio.formats import CALL, FORMATS, Format
from tests.agents.demo_calls import SPEECH_MODEL

pytestmark = pytest.mark.integration


def inspected(recording: Recording) -> Inspected:
    transcribe = TranscribeSettings.read(vosk_model=SPEECH_MODEL)
    return inspect_recording(recording, None, AudioSettings(), transcribe, ClassifySettings())


def said(transcript: CallTranscribed, speaker: Speaker) -> str:
    return " ".join(turn.text for turn in transcript.turns if turn.speaker == speaker)


def word_error_rate(reference: CallTranscribed, found: CallTranscribed) -> float:
    expected, heard = ([said(transcript, speaker) for speaker in SIDES] for transcript in (reference, found))
    return float(jiwer.wer(expected, heard))


@pytest.fixture(scope="module")
def reference() -> CallTranscribed:
    transcript = inspected(OneFile(uri=str(CALL))).transcript
    assert len(transcript.turns) == 8
    assert sum(len(turn.words) for turn in transcript.turns) == 53
    return transcript


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.file)
def test_every_format_gives_the_turns_of_the_call_as_it_was_recorded(
    form: Format, reference: CallTranscribed, tmp_path: Path
) -> None:
    found = inspected(form.written(tmp_path))
    measured = word_error_rate(reference, found.transcript)
    print(f"{form.title}: word error rate {measured:.3f}, at most {form.word_error_rate:.3f}")
    assert found.audio.recording_facts.codec == form.codec
    assert [turn.speaker for turn in found.transcript.turns] == [turn.speaker for turn in reference.turns]
    assert measured <= form.word_error_rate
