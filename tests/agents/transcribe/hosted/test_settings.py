"""The file of engines: what it refuses, and which calls go where."""

from pathlib import Path

import pytest

from agents.transcribe.engines import chosen
from agents.transcribe.hosted.settings import EnginesFile, read_engines
from schemas import AudioReady
from streams.errors import SettingsError
from tests.schemas.examples import audio_ready

FILE = """
engines:
  whisper: {openai: {url: "http://speaches:8000/v1/", model: large-v3}}
  phone: {google: {project: my-project, location: eu, model: chirp_2}, price_per_minute: 0.016}
routes:
  - {engine: whisper, languages: [en]}
  - {engine: phone, queues: [sales], share: 0.25}
"""


def read(tmp_path: Path, text: str) -> EnginesFile:
    path = tmp_path / "engines.yaml"
    path.write_text(text, encoding="utf-8")
    return read_engines(path)


def call(number: int = 0, *, queue: str | None = None, language: str | None = None) -> AudioReady:
    return audio_ready().model_copy(update={"call_id": f"call-{number}", "queue": queue, "language": language})


def test_the_first_route_that_fits_gives_the_engine_and_vosk_has_the_rest(tmp_path: Path) -> None:
    file = read(tmp_path, FILE)
    assert file.engines["whisper"].openai is not None
    assert file.engines["whisper"].openai.url == "http://speaches:8000/v1"
    assert chosen(file, call(language="en-GB"), "tr") == "whisper"
    assert chosen(file, call(), "en") == "whisper"
    assert chosen(file, call(language="tr"), "tr") == "vosk"
    drawn = [chosen(file, call(number, queue="sales"), "tr") for number in range(2_000)]
    assert 420 < drawn.count("phone") < 580  # 500 ± 4 standard deviations of 2,000 draws
    assert drawn == [chosen(file, call(number, queue="sales"), "tr") for number in range(2_000)]


@pytest.mark.parametrize(
    ("routes", "needed"),
    [
        ("[]", True),
        ("[{engine: whisper}]", False),
        ("[{engine: whisper, share: 0.5}]", True),
        ("[{engine: vosk, languages: [tr]}, {engine: whisper}]", True),
        ("[{engine: whisper}, {engine: vosk}]", False),
    ],
)
def test_vosk_is_needed_unless_others_take_every_call(tmp_path: Path, routes: str, needed: bool) -> None:
    engines = "engines: {whisper: {openai: {url: 'http://s/v1', model: m}}}"
    assert read(tmp_path, f"{engines}\nroutes: {routes}").needs_vosk is needed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("engines: {a: {}}", "engines.a: say openai or google, and not both"),
        ("engines: {vosk: {openai: {url: 'http://s/v1', model: m}}}", "vosk is the one in the worker"),
        ("routes: [{engine: other}]", "no engine is called other"),
        ("engines: {a: {openai: {url: 'http://key@s/v1', model: m}}}", "engines.a.openai.url"),
        ("engines: {a: {openai: {url: 'http://s/v1', model: m, speed: 2}}}", "engines.a.openai.speed"),
        ("engines: {a: {google: {project: my-project}, key_file: /etc/passwd}}", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("engines: [", "cannot be read as YAML"),
    ],
)
def test_a_mistake_stops_the_start_and_names_the_field(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match="CALLSIFT_TRANSCRIBE_ENGINES_FILE") as refused:
        read(tmp_path, text)
    assert said in refused.value.message
