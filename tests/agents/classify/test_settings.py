"""Settings of the classify stage: what does not fit together does not start."""

from pathlib import Path

import pytest

from agents.classify.agent import make_model
from agents.classify.hosted.errors import ModelAway
from agents.classify.hosted.gemini import GeminiModel
from agents.classify.hosted.prompt import make_prompt
from agents.classify.settings import ClassifySettings, Price
from schemas import Taxonomy
from streams.errors import SettingsError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CALLSIFT_CLASSIFIER", "CALLSIFT_GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_prices_are_read_from_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_CLASSIFY_PRICES", '{"m": {"prompt": 0.25, "answer": 1.5}}')
    assert ClassifySettings.read().prices == {"m": Price(prompt=0.25, answer=1.5)}


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("CALLSIFT_CLASSIFY_PRICES", "0.25", "CALLSIFT_CLASSIFY_PRICES"),
        ("CALLSIFT_CLASSIFY_PRICES", "{", "CALLSIFT_CLASSIFY_PRICES"),
        ("CALLSIFT_CLASSIFY_PRICES", '{"m": {"prompt": -1, "answer": 1}}', "CALLSIFT_CLASSIFY_PRICES"),
        ("CALLSIFT_CLASSIFY_TIME_ZONE", "Istanbul", "write one like Europe/Istanbul"),
        ("CALLSIFT_CLASSIFY_TIME_ZONE", "../etc/passwd", "write one like Europe/Istanbul"),
        (
            "CALLSIFT_CLASSIFY_PRICES",
            '{"m": {"prompt": 1, "answer": 1, "currency": "lira"}}',
            "CALLSIFT_CLASSIFY_PRICES",
        ),
        ("CALLSIFT_CLASSIFY_WHEN_AWAY", "panic", "CALLSIFT_CLASSIFY_WHEN_AWAY"),
        ("CALLSIFT_CLASSIFY_GEMINI_TRANSCRIPT_CHARS", "0", "CALLSIFT_CLASSIFY_GEMINI_TRANSCRIPT_CHARS"),
        ("CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT", "/europe-west3", "CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT"),
        ("CALLSIFT_CLASSIFY_AGREEMENT", "1", "CALLSIFT_CLASSIFY_AGREEMENT"),
        ("CALLSIFT_CLASSIFY_AGREEMENT", "samples", "write the number, as CALLSIFT_CLASSIFY_AGREEMENT=3"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, rule: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=rule):
        ClassifySettings.read()


@pytest.mark.parametrize(("value", "samples"), [("none", 1), ("offline", 1), ("2", 2), ("9", 9)])
def test_agreement_says_how_often_gemini_is_asked(monkeypatch: pytest.MonkeyPatch, value: str, samples: int) -> None:
    monkeypatch.setenv("CALLSIFT_CLASSIFY_AGREEMENT", value)
    assert ClassifySettings.read().samples == samples


def test_a_budget_needs_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_CLASSIFY_DAILY_BUDGET", "5")
    ClassifySettings.read()  # offline: nothing to pay for
    monkeypatch.setenv("CALLSIFT_GEMINI_API_KEY", "key")
    with pytest.raises(SettingsError, match="CALLSIFT_CLASSIFY_PRICES"):
        ClassifySettings.read()
    monkeypatch.setenv("CALLSIFT_CLASSIFY_PRICES", '{"gemini-3.5-flash-lite": {"prompt": 0.25, "answer": 1.5}}')
    assert ClassifySettings.read().daily_budget == 5


def test_vertex_ai_needs_a_project_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT", "our-project/europe-west3")
    settings = ClassifySettings.read()
    assert settings.vertex_ai == ("our-project", "europe-west3")
    assert ClassifySettings(gemini_vertex_project="our-project").vertex_ai == ("our-project", "global")
    assert settings.chosen == "gemini"
    model = make_model(settings)
    assert isinstance(model, GeminiModel)
    assert model.client.vertexai


async def test_without_credentials_vertex_ai_is_away_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    monkeypatch.setenv("CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT", "our-project")
    with pytest.raises(ModelAway, match="no credentials for Vertex AI"):
        await make_model(ClassifySettings.read()).ask(make_prompt([], Taxonomy.load()))


def test_with_a_key_the_gemini_api_is_asked_even_where_the_machine_is_set_up_for_vertex_ai(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("CALLSIFT_GEMINI_API_KEY", "key")
    model = make_model(ClassifySettings.read())
    assert isinstance(model, GeminiModel)
    assert not model.client.vertexai


def test_the_old_sdk_knows_no_vertex_ai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_CLASSIFIER", "gemini-legacy")
    monkeypatch.setenv("CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT", "our-project")
    with pytest.raises(SettingsError, match="gemini-legacy needs CALLSIFT_GEMINI_API_KEY"):
        ClassifySettings.read()
