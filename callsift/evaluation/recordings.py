"""Labelled recordings, which go through the whole chain."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

from agents.classify.agent import make_classifier
from agents.classify.labelled import LabelledDialogue, RecordedCall
from agents.classify.settings import ClassifySettings
from callsift.evaluation.predictions import digest
from callsift.evaluation.questions import Asking, Question, answerer, measured
from callsift.evaluation.version import Version
from schemas import CallClassified
from streams.errors import CallsiftError


def about_recordings(version: Version) -> Asking:
    """Send recordings through all stages in this process, one at a time: each takes every core for itself.

    Raises:
        CallsiftError: The version has files of its own, which the stages do not read.
    """
    if not version.is_shipped:
        raise CallsiftError(
            "recordings are classified by the prompt, model and taxonomy that come with callsift",
            "Name calls with turns, as the review's gold has them, or leave only settings.env in the shadow's folder",
        )
    settings, taxonomy = measured(version.settings), version.taxonomy
    recognise, heard_with = _chain(settings)
    source = answerer(make_classifier(settings, taxonomy), taxonomy)
    one_at_a_time = asyncio.Lock()

    async def classified(call: RecordedCall) -> CallClassified:
        async with one_at_a_time:
            return await asyncio.to_thread(recognise, call)

    def question(call: LabelledDialogue | RecordedCall, /) -> Question:
        assert isinstance(call, RecordedCall)  # noqa: S101 - the caller chooses by type
        content = digest([_file_digest(path) for path in paths(call)])
        layout = call.recording.model_dump(mode="json", exclude={"uri": True, "customer": {"uri"}, "agent": {"uri"}})
        key = digest(content, layout, call.language, heard_with, source)
        return Question(call, content, key, lambda: classified(call))

    return question


def paths(call: RecordedCall) -> list[Path]:
    """Return the files of a recording."""
    return [Path(uri) for uri in call.recording.uris]


def _chain(settings: ClassifySettings) -> tuple[Callable[[RecordedCall], CallClassified], tuple[object, ...]]:
    """Return what hears and classifies a recording, and all that decides what it hears."""
    from agents.audio.agent import audio_options  # only who evaluates recordings needs these extras
    from agents.audio.settings import AudioSettings
    from agents.transcribe.core import CONTEXT_S
    from agents.transcribe.models import SpeechModels
    from agents.transcribe.settings import TranscribeSettings
    from callsift.demo_files import DEMO_MODEL
    from callsift.inspection import inspect_recording

    audio, transcribe = AudioSettings.read(), TranscribeSettings.read()
    if transcribe.vosk_model is None and not transcribe.vosk_models:
        transcribe = TranscribeSettings.read(vosk_model=DEMO_MODEL)
    models = sorted((model.language, model.fingerprint) for model in SpeechModels(transcribe).all)
    corrections = _file_digest(transcribe.corrections) if transcribe.corrections else None
    return (
        lambda call: inspect_recording(call.recording, call.language, audio, transcribe, settings).classified,
        (repr(audio_options(audio)), models, transcribe.language, CONTEXT_S, corrections),
    )


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CallsiftError(f"cannot read {path}: {error.strerror}", "Name a file that exists") from None
