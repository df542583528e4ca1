"""Every setting that can change an outcome is in its versions; those that cannot are not."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from agents.classify import core
from agents.classify.agent import make_classifier
from agents.classify.offline.model import shipped_model
from agents.classify.settings import ClassifySettings
from schemas import Taxonomy, Versions

TAXONOMY = Taxonomy.load()


def versions(classifier: str, **changed: Any) -> Versions:
    settings = ClassifySettings.read(classifier=classifier, gemini_api_key=SecretStr("key"), **changed)
    source = make_classifier(settings, TAXONOMY).source
    return core.versions("vosk@1", source, TAXONOMY, settings.confidence_floor)


@pytest.mark.parametrize("classifier", ["gemini", "gemini-legacy"])
def test_every_setting_that_decides_changes_the_policy_of_a_hosted_model(classifier: str) -> None:
    every = [
        versions(classifier, **changed)
        for changed in (
            {},
            {"confidence_floor": 0.5},
            {"agreement": "offline"},
            {"agreement": 3},
            {"agreement": 5},
            {"gemini_transcript_chars": 50_000},
            {"time_zone": "Europe/Berlin"},
        )
    ]
    assert len({found.policy for found in every}) == len(every)
    assert len({found.model_copy(update={"policy": None}).model_dump_json() for found in every}) == 1


def test_the_offline_classifiers_policy_is_its_floor() -> None:
    plain = versions("offline")
    assert versions("offline", confidence_floor=0.5).policy != plain.policy
    hosted_only: dict[str, Any] = {"agreement": 3, "gemini_transcript_chars": 9_000, "time_zone": "Europe/Berlin"}
    assert versions("offline", **hosted_only) == plain


@pytest.mark.parametrize(
    "changed",
    [
        {"gemini_timeout_s": 5.0},
        {"gemini_concurrency": 2},
        {"reprocess_per_minute": 1},
        {"when_away": "offline"},  # who stands in says so itself
        {"agreement": "none", "prices": {"m": {"prompt": 1.0, "answer": 1.0, "currency": "TRY"}}},
    ],
)
def test_a_setting_that_decides_nothing_changes_no_version(changed: dict[str, Any]) -> None:
    assert versions("gemini", **changed) == versions("gemini")


def test_a_second_opinion_of_another_version_is_another_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    before = versions("gemini", agreement="offline")
    tomorrow = replace(shipped_model(), temperature=2 * shipped_model().temperature)
    monkeypatch.setattr("agents.classify.offline.model.shipped_model", lambda: tomorrow)
    assert versions("gemini", agreement="offline").policy != before.policy
