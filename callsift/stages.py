"""What wires a stage's name to its agent. A worker imports its own agent alone, so that no other extra is needed."""

from typing import TYPE_CHECKING, Any

from streams.errors import SettingsError
from streams.payloads.claim_check import ClaimCheckStore
from streams.privacy import CallerPrivacy
from streams.processing.agent import Agent
from streams.settings import AudioStoreSettings, PrivacySettings
from streams.topics import STAGES

if TYPE_CHECKING:
    from agents.classify.settings import ClassifySettings
    from schemas import Taxonomy


def make_agent(stage: str) -> Agent[Any]:
    """Make the agent of a stage from the environment's settings.

    Raises:
        SettingsError: A setting is wrong, or the stage's extra is not installed.
    """
    try:
        return _MAKERS[stage]()
    except ImportError as error:
        raise SettingsError(
            f"the {stage} stage misses {error.name}", f"Install it with: pip install 'callsift[{stage}]'"
        ) from error


def _audio() -> Agent[Any]:
    from agents.audio.agent import AudioAgent  # noqa: PLC0415
    from agents.audio.fetching.settings import FetchSettings  # noqa: PLC0415
    from agents.audio.settings import AudioSettings  # noqa: PLC0415

    return AudioAgent(
        AudioSettings.read(), FetchSettings.read(), ClaimCheckStore(AudioStoreSettings.read().uri), _privacy()
    )


def _transcribe() -> Agent[Any]:
    from agents.transcribe.agent import TranscribeAgent  # noqa: PLC0415
    from agents.transcribe.settings import TranscribeSettings  # noqa: PLC0415

    return TranscribeAgent(TranscribeSettings.read(), ClaimCheckStore(AudioStoreSettings.read().uri))


def _classify() -> Agent[Any]:
    from agents.classify.agent import ClassifyAgent, make_classifier  # noqa: PLC0415

    settings, taxonomy = _classifying()
    return ClassifyAgent(make_classifier(settings, taxonomy), taxonomy, settings.confidence_floor)


def _reprocess() -> Agent[Any]:
    """Make the lane's agent, which waits for what is away: what is decided anew shall not be provisional again."""
    from agents.classify.agent import make_classifier  # noqa: PLC0415
    from agents.classify.reprocess_agent import ReprocessAgent  # noqa: PLC0415

    settings, taxonomy = _classifying(when_away="wait")
    classifier = make_classifier(settings, taxonomy)
    return ReprocessAgent(classifier, taxonomy, settings.confidence_floor, settings.reprocess_per_minute)


def _classifying(**settled: str) -> "tuple[ClassifySettings, Taxonomy]":
    from agents.classify.settings import ClassifySettings  # noqa: PLC0415
    from schemas import Taxonomy  # noqa: PLC0415

    return ClassifySettings.read(**settled), Taxonomy.load()


def _sink() -> Agent[Any]:
    from agents.sink.agent import SinkAgent  # noqa: PLC0415
    from agents.sink.settings import SinkSettings  # noqa: PLC0415
    from agents.sink.store import OutcomeStore  # noqa: PLC0415

    return SinkAgent(OutcomeStore(SinkSettings.read()), _privacy())


def _privacy() -> CallerPrivacy:
    return CallerPrivacy(PrivacySettings.read())


_MAKERS = {"audio": _audio, "transcribe": _transcribe, "classify": _classify, "sink": _sink, "reprocess": _reprocess}
assert _MAKERS.keys() == STAGES.keys()  # noqa: S101 - a stage without an agent is a mistake in this file
