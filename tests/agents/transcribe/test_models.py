"""Which model decodes which call."""

import json
from pathlib import Path

import pytest

from agents.transcribe.models import LanguageWithoutModel, SpeechModels, fingerprint
from agents.transcribe.settings import TranscribeSettings
from streams.errors import SettingsError

TR, EN, EN_GB = Path("/models/tr"), Path("/models/en"), Path("/models/en-gb")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("CALLSIFT_VOSK_MODEL", "CALLSIFT_VOSK_MODELS", "CALLSIFT_TRANSCRIBE_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def models(environment: pytest.MonkeyPatch) -> SpeechModels:
    environment.setenv("CALLSIFT_VOSK_MODEL", str(TR))
    environment.setenv("CALLSIFT_VOSK_MODELS", json.dumps({"en-GB": str(EN_GB), "en": str(EN)}))
    return SpeechModels(TranscribeSettings.read())


@pytest.mark.parametrize(
    ("language", "folder"),
    [
        (None, TR),
        ("tr", TR),
        ("tr-TR", TR),
        ("TR", TR),
        ("en", EN),
        ("en-GB", EN_GB),
        ("en-gb", EN_GB),
        ("en-US", EN_GB),
        ("en_US", EN_GB),
    ],
)
def test_the_calls_language_chooses_the_model(models: SpeechModels, language: str | None, folder: Path) -> None:
    assert models.chosen(language).folder == folder


@pytest.mark.parametrize("language", ["de", "de-AT", "t", "tre", "e"])
def test_a_language_without_a_model_is_a_permanent_error_with_the_cure(models: SpeechModels, language: str) -> None:
    with pytest.raises(LanguageWithoutModel, match=f"'{language}', only for en-GB, en, tr.*CALLSIFT_VOSK_MODELS"):
        models.chosen(language)


def test_the_default_language_may_have_its_model_in_the_map(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CALLSIFT_VOSK_MODELS", json.dumps({"en": str(EN), "tr-TR": str(TR)}))
    models = SpeechModels(TranscribeSettings.read())
    assert (models.default.folder, models.default.language) == (TR, "tr-TR")


def test_the_variable_of_the_default_model_wins_over_the_map(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CALLSIFT_VOSK_MODEL", str(TR))
    environment.setenv("CALLSIFT_VOSK_MODELS", json.dumps({"tr": "/models/old"}))
    assert [model.folder for model in SpeechModels(TranscribeSettings.read()).all] == [TR]


def test_a_map_without_the_default_language_does_not_start(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CALLSIFT_VOSK_MODELS", json.dumps({"en": str(EN)}))
    with pytest.raises(SettingsError, match=r"for the default language tr\. Set CALLSIFT_VOSK_MODEL"):
        SpeechModels(TranscribeSettings.read())


@pytest.mark.parametrize("value", ["/models/en", '["/models/en"]', '{"en": 5}'])
def test_a_map_that_is_none_names_its_variable(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("CALLSIFT_VOSK_MODELS", value)
    with pytest.raises(SettingsError, match="CALLSIFT_VOSK_MODELS"):
        TranscribeSettings.read()


def test_the_fingerprint_names_the_folder_and_changes_with_its_files(tmp_path: Path) -> None:
    small, large = tmp_path / "small" / "vosk-model-tr", tmp_path / "large" / "vosk-model-tr"
    for folder, content in ((small, b"12345"), (large, b"123456")):
        folder.mkdir(parents=True)
        (folder / "final.mdl").write_bytes(content)
    assert fingerprint(small).startswith("vosk-model-tr@")
    assert fingerprint(small) != fingerprint(large)
