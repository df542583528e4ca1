"""Makes a stage's agent from the stage's name. Only that agent is imported, so that no other extra is needed."""

from typing import TYPE_CHECKING, Any

from streams.errors import SettingsError
from streams.payloads import ClaimCheckStore
from streams.privacy import CallerPrivacy
from streams.processing import Agent
from streams.settings import PrivacySettings
from streams.topics import STAGES

if TYPE_CHECKING:
    from agents.classify.deciders import Deciders
    from agents.classify.settings import ClassifySettings


def make_agent(stage: str, store: ClaimCheckStore) -> Agent[Any]:
    """Make the agent of a stage from the environment's settings; ``store`` is the audio store.

    Raises:
        SettingsError: A setting is wrong, or the stage's extra is not installed.
    """
    try:
        return _MAKERS[stage](store)
    except ImportError as error:
        raise SettingsError(
            f"the {stage} stage misses {error.name}", f"Install it with: pip install 'callsift[{stage}]'"
        ) from error


def _audio(store: ClaimCheckStore) -> Agent[Any]:
    from agents.audio.agent import AudioAgent
    from agents.audio.fetch_settings import FetchSettings
    from agents.audio.settings import AudioSettings

    return AudioAgent(AudioSettings.read(), FetchSettings.read(), store, _privacy())


def _transcribe(store: ClaimCheckStore) -> Agent[Any]:
    from agents.transcribe.agent import TranscribeAgent
    from agents.transcribe.settings import TranscribeSettings

    return TranscribeAgent(TranscribeSettings.read(), store)


def _classify(_store: ClaimCheckStore) -> Agent[Any]:
    from agents.classify.agent import ClassifyAgent

    settings, deciders = _classifying()
    return ClassifyAgent(deciders, settings.confidence_floor)


def _reprocess(_store: ClaimCheckStore) -> Agent[Any]:
    """Make the lane's agent, which waits for what is away: what is decided anew shall not be provisional again."""
    from agents.classify.reprocess_agent import ReprocessAgent

    settings, deciders = _classifying(when_away="wait")
    return ReprocessAgent(deciders, settings.confidence_floor, settings.reprocess_per_minute)


def _classifying(**settled: str) -> "tuple[ClassifySettings, Deciders]":
    from agents.classify.agent import make_deciders
    from agents.classify.settings import ClassifySettings
    from schemas import Taxonomies

    settings = ClassifySettings.read(**settled)
    return settings, make_deciders(settings, Taxonomies.load())


def _sink(_store: ClaimCheckStore) -> Agent[Any]:
    from agents.sink.agent import SinkAgent
    from store.calls import OutcomeStore
    from store.database import Database
    from store.settings import StoreSettings

    return SinkAgent(OutcomeStore(Database(StoreSettings.read())), _privacy())


def _privacy() -> CallerPrivacy:
    return CallerPrivacy(PrivacySettings.read())


_MAKERS = {"audio": _audio, "transcribe": _transcribe, "classify": _classify, "sink": _sink, "reprocess": _reprocess}
assert _MAKERS.keys() == STAGES.keys()  # noqa: S101 - a stage without an agent is a mistake in this file
