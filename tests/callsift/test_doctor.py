"""``callsift doctor``: of a pipeline that is up, and of one where everything is missing."""

import json
from pathlib import Path

import pytest

from callsift.demo_files import DEMO_MODEL
from callsift.doctor import Finding
from streams.topics import ALL_TOPICS
from tests.callsift import terminal
from tests.callsift.conftest import Up

pytestmark = pytest.mark.integration


def found(stdout: str) -> dict[str, Finding]:
    return {one["of"]: Finding(**one) for one in json.loads(stdout)}


def test_of_a_pipeline_that_is_up_nothing_has_failed(up: Up) -> None:
    ended = up.run("doctor", "--json")
    assert ended.returncode == 0, ended.stdout
    findings = found(ended.stdout)
    assert {one.state for one in findings.values()} == {"ok", "attention"}
    assert str(len(ALL_TOPICS)) in findings["Kafka"].found
    assert findings["clock"].state == "ok"
    assert findings["audio store"].state == "ok"
    assert "demo" in findings["speech model"].found
    assert "offline" in findings["classifier"].found
    assert all(one.cure for one in findings.values() if one.state == "attention")


def test_what_is_missing_fails_with_its_cure_and_what_comes_after_is_looked_at(tmp_path: Path) -> None:
    nowhere = {
        "CALLSIFT_HOME": str(tmp_path),
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "CALLSIFT_MONGO_URI": "mongodb://somebody:geheim@127.0.0.1:1",
        "CALLSIFT_MONGO_TIMEOUT_S": "1",
        "CALLSIFT_AUDIO_STORE_URI": (tmp_path / "audio").as_uri(),
        "CALLSIFT_VOSK_MODEL": str(tmp_path / "none"),
    }
    ended = terminal.run(nowhere, "doctor", "--json")
    assert ended.returncode == 1
    findings = found(ended.stdout)
    failed = {name for name, one in findings.items() if one.state == "failed"}
    assert failed == {"Kafka", "workers", "calls", "MongoDB", "speech model"}
    assert all(findings[name].cure for name in failed)
    assert findings["audio store"].state == "ok"
    assert "geheim" not in ended.stdout + ended.stderr


def looked(tmp_path: Path, **variables: str) -> dict[str, Finding]:
    nowhere = {
        "CALLSIFT_HOME": str(tmp_path),
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "CALLSIFT_MONGO_URI": "mongodb://127.0.0.1:1",
        "CALLSIFT_MONGO_TIMEOUT_S": "1",
        "CALLSIFT_AUDIO_STORE_URI": (tmp_path / "audio").as_uri(),
    }
    return found(terminal.run(nowhere | variables, "doctor", "--json").stdout)


def test_a_model_that_is_named_by_its_language_alone_is_found(tmp_path: Path) -> None:
    findings = looked(tmp_path, CALLSIFT_VOSK_MODELS=json.dumps({"tr": str(DEMO_MODEL)}))
    assert "demo" in findings["speech model"].found


def test_no_model_is_missing_where_other_recognisers_take_every_call(tmp_path: Path) -> None:
    file = tmp_path / "engines.yaml"
    engines = {"whisper": {"openai": {"url": "http://127.0.0.1:1/v1", "model": "large"}}}
    file.write_text(json.dumps({"engines": engines, "routes": [{"engine": "whisper"}]}), encoding="utf-8")
    findings = looked(tmp_path, CALLSIFT_TRANSCRIBE_ENGINES_FILE=str(file))
    assert "speech model" not in findings
    assert findings["recognisers"].state == "attention"
    assert "whisper" in findings["recognisers"].found
