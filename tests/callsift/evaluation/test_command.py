"""``callsift eval`` from outside: figures, report, comparison, mistakes, and a hosted model that is paid once."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.classify.offline.train import DIALOGUES, evaluation_dialogues
from tests.agents.demo_calls import RECORDINGS, demo_calls
from tests.callsift import terminal
from tests.patience import PATIENCE_S
from tests.servers.gemini import GeminiServer, failed, gemini_server
from tests.servers.labelled import Labelled

OFFLINE = {"CALLSIFT_CLASSIFIER": "offline"}
KEYS = {"n", "accuracy", "coverage", "selective_accuracy", "intervals", "per_class", "confusion", "calibration"}
KEYS |= {"seconds", "tokens", "cost"}


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """Forty of the shipped evaluation dialogues."""
    lines = (DIALOGUES / "evaluation.jsonl").read_text(encoding="utf-8").splitlines()[::4][:40]
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def evaluated(variables: dict[str, str], *arguments: str) -> dict[str, Any]:
    ended = terminal.run(variables, "eval", *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_the_json_has_the_promised_figures_as_plain_numbers(some: Path) -> None:
    found = evaluated(OFFLINE, str(some))
    assert found.keys() >= KEYS
    assert found["n"] == 40
    shares = [found["coverage"], *found["accuracy"].values(), *found["selective_accuracy"].values()]
    assert all(isinstance(share, float) and 0 <= share <= 1 for share in shares)
    low, high = found["intervals"]["selective_accuracy"]["leaf"]
    assert low <= found["selective_accuracy"]["leaf"] <= high


def test_a_second_run_asks_nothing_and_finds_the_same(some: Path) -> None:
    first, second = evaluated(OFFLINE, str(some)), evaluated(OFFLINE, str(some))
    assert (first["answers"], second["answers"]) == (
        {"new": 40, "kept": 0, "failed": 0},
        {"new": 0, "kept": 40, "failed": 0},
    )
    volatile = {"answers", "seconds"}
    assert {name: first[name] for name in first.keys() - volatile} == {
        name: second[name] for name in second.keys() - volatile
    }
    assert some.with_name("some.jsonl.predictions").exists()


def test_the_confidence_floor_can_change_without_asking_again(some: Path) -> None:
    evaluated(OFFLINE, str(some))
    strict = evaluated(OFFLINE | {"CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR": "0.99"}, str(some))
    assert strict["answers"]["new"] == 0
    assert strict["coverage"] < 1.0


def test_only_the_first_calls_are_asked_about_with_a_limit(some: Path) -> None:
    assert evaluated(OFFLINE, str(some), "--limit", "7")["n"] == 7


def test_without_a_terminal_progress_is_plain_lines(some: Path) -> None:
    said = terminal.run(OFFLINE, "eval", str(some)).stderr
    assert "40 of 40 calls answered" in said
    assert "\x1b" not in said


def test_the_report_is_one_file_that_needs_no_network_and_quotes_the_wrong_calls(some: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in some.read_text(encoding="utf-8").splitlines()]
    wrong = lines[0] | {"category": "empty_call", "sub_category": None, "id": "<b>wrong</b>"}
    some.write_text("\n".join(json.dumps(line) for line in [wrong, *lines[1:]]), encoding="utf-8")
    ended = terminal.run(OFFLINE, "eval", str(some), "--report", str(tmp_path / "new" / "report"))
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "new" / "report" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=.(?!#)|<script|@import|url\(", page)
    assert "&lt;b&gt;wrong&lt;/b&gt;" in page
    assert wrong["turns"][0]["text"] in page
    assert page.count("<svg") == 2
    assert "$" not in page
    anchors, links = set(re.findall(r'id="([^"]+)"', page)), set(re.findall(r'href="#([^"]+)"', page))
    assert links
    assert links <= anchors


def test_two_runs_are_compared_call_by_call(some: Path, tmp_path: Path) -> None:
    for name, floor in (("a", "0.999"), ("b", "0.35")):
        found = evaluated(OFFLINE | {"CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR": floor}, str(some))
        (tmp_path / f"{name}.json").write_text(json.dumps(found))
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    found = json.loads(terminal.run({}, "eval", "--compare", *files, "--json").stdout)
    assert (found["n"], found["leaf"]["better"]) == (40, "B")
    assert "B is better" in terminal.run({}, "eval", "--compare", *files).stdout


def test_a_mistake_in_the_options_or_files_is_named_with_its_cure(some: Path, tmp_path: Path) -> None:
    nothing = terminal.run(OFFLINE, "eval")
    assert (nothing.returncode, "labelled calls" in nothing.stderr) == (2, True)
    missing = terminal.run(OFFLINE, "eval", str(tmp_path / "none.jsonl"))
    assert (missing.returncode, "none.jsonl" in missing.stderr) == (1, True)
    no_key = terminal.run({}, "eval", str(some), "--classifier", "gemini")
    assert (no_key.returncode, "CALLSIFT_GEMINI_API_KEY" in no_key.stderr) == (2, True)
    (tmp_path / "a.json").write_text("[]")
    other = terminal.run({}, "eval", "--compare", str(tmp_path / "a.json"), str(tmp_path / "a.json"))
    assert (other.returncode, "no evaluation" in other.stderr) == (1, True)


def test_calibrating_finds_a_floor_even_with_too_few_calls_for_a_correction(some: Path, tmp_path: Path) -> None:
    found = evaluated(OFFLINE, str(some), "--calibrate", "--report", str(tmp_path))
    assert found["floor"]["risk"] <= 0.05
    assert found["corrected"] is None
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR=" in page
    assert "Too few" in page


def test_calibrating_fits_a_correction_of_a_model_that_is_too_modest(hosted: GeminiServer, tmp_path: Path) -> None:
    files = [str(path) for path in sorted(DIALOGUES.glob("evaluation*.jsonl"))]
    options = ("--predictions", str(tmp_path / "p"), "--calibrate", "--report", str(tmp_path))
    found = evaluated(variables(hosted), *files, *options)
    assert found["corrected"]["ece"] < found["calibration"]["ece"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("<title>Reliability diagram</title>") == 2


@pytest.mark.integration
def test_dialogues_and_recordings_are_measured_as_if_nobody_kept_the_speakers_apart(tmp_path: Path) -> None:
    call = demo_calls()["under-warranty-but-pays"]
    customer, agent = ({"uri": str(RECORDINGS / file)} for file in call.files)
    asked = {"category": call.category, "sub_category": call.sub_category}
    said = [{"speaker": turn.speaker, "text": turn.text} for turn in call.turns]
    path = tmp_path / "calls.jsonl"
    lines = [
        {"id": "heard", "recording": {"customer": customer, "agent": agent}, **asked},
        {"id": "read", "turns": said, **asked},
        {"id": "nobody", "turns": [said[0]], "category": "empty_call"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    apart = {found["id"]: found for found in evaluated(OFFLINE, str(path))["calls"]}
    mixed = {found["id"]: found for found in evaluated(OFFLINE, str(path), "--undivided")["calls"]}
    assert all(mixed[name]["content"] != apart[name]["content"] for name in apart)
    assert (apart["nobody"]["by_rule"], mixed["nobody"]["by_rule"]) == (True, False)
    assert [mixed[name]["decided"] for name in ("heard", "read")] == [call.category] * 2


def test_recordings_go_through_the_whole_chain_once(tmp_path: Path) -> None:
    calls = [demo_calls()[name] for name in ("wrong-number", "in-a-meeting")]
    lines: list[dict[str, Any]] = [
        {"id": call.name, "recording": str(RECORDINGS / call.files[0]), "category": call.category}
        | {"sub_category": call.sub_category}
        for call in calls
    ]
    path = tmp_path / "recorded.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    first, second = evaluated(OFFLINE, str(path)), evaluated(OFFLINE, str(path))
    assert first["accuracy"]["leaf"] == 1.0
    assert (first["answers"]["new"], second["answers"]["new"]) == (2, 0)
    missing = tmp_path / "missing.jsonl"
    missing.write_text(json.dumps(lines[0] | {"recording": "nowhere.wav"}))
    refused = terminal.run(OFFLINE, "eval", str(missing))
    assert (refused.returncode, "nowhere.wav" in refused.stderr) == (1, True)


@pytest.fixture
def hosted() -> Iterator[GeminiServer]:
    """A hosted model that knows the labels, and is wrong about one call in ten."""
    with gemini_server() as server:
        server.respond = Labelled(evaluation_dialogues(), 0.1)
        yield server


def variables(server: GeminiServer) -> dict[str, str]:
    return {"CALLSIFT_GEMINI_API_KEY": "key", "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": server.address}


def test_a_hosted_model_is_asked_once_about_each_call_and_its_errors_are_found(
    some: Path, hosted: GeminiServer
) -> None:
    found = evaluated(variables(hosted), str(some))
    spoken = [dialogue for dialogue in evaluation_dialogues() if dialogue.customer_speaks]
    names = {call["id"] for call in found["calls"]}
    assert len(hosted.received) == sum(dialogue.id in names for dialogue in spoken)
    assert found["tokens"] == 1260 * len(hosted.received)  # what the service counts for each
    wrong = {call["id"] for call in found["calls"] if not call["right"]["leaf"]}
    assert wrong == Labelled(spoken, 0.1).wrong & names
    assert wrong


def test_the_cost_is_said_also_when_every_answer_was_kept(some: Path, hosted: GeminiServer) -> None:
    prices = {"CALLSIFT_CLASSIFY_PRICES": '{"gemini-3.5-flash-lite": {"prompt": 1.0, "answer": 10.0}}'}
    asked = [evaluated(variables(hosted) | prices, str(some), "--limit", "5") for _ in range(2)]
    for found in asked:
        assert found["cost"] == pytest.approx(len(hosted.received) * (1200 * 1.0 + 60 * 10.0) / 1e6)
        assert found["currency"] == "USD"


def test_another_prompt_model_or_taxonomy_is_another_question(some: Path, hosted: GeminiServer) -> None:
    evaluated(variables(hosted), str(some), "--limit", "5")
    asked = len(hosted.received)
    evaluated(variables(hosted) | {"CALLSIFT_CLASSIFY_GEMINI_MODEL": "gemini-next"}, str(some), "--limit", "5")
    assert len(hosted.received) == 2 * asked


def test_calls_that_fail_count_as_not_answered_and_are_named(some: Path, hosted: GeminiServer) -> None:
    hosted.respond = lambda _: failed(400)
    ended = terminal.run(variables(hosted), "eval", str(some), "--limit", "3", "--json")
    found = json.loads(ended.stdout)
    assert found["answers"]["failed"] == 3
    assert found["coverage"] == 0.0
    assert found["selective_accuracy"]["leaf"] is None
    assert all(call["id"] in ended.stderr for call in found["calls"])


def test_a_refused_key_ends_the_run(some: Path, hosted: GeminiServer) -> None:
    hosted.respond = lambda _: failed(403)
    ended = terminal.run(variables(hosted), "eval", str(some), "--concurrency", "1")
    assert (ended.returncode, "CALLSIFT_GEMINI_API_KEY" in ended.stderr) == (1, True)
    assert "some.jsonl.predictions" in ended.stderr
    assert len(hosted.received) == 1


@pytest.mark.integration
@pytest.mark.slow  # make test-slow
def test_after_a_kill_only_what_was_not_answered_is_asked(some: Path, hosted: GeminiServer) -> None:
    concurrency = 2
    hosted.respond = Labelled(evaluation_dialogues(), 0.1, delay_s=0.05)
    command = [sys.executable, "-m", "callsift", "eval", str(some), "--concurrency", str(concurrency)]
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    with subprocess.Popen(command, env=own | variables(hosted), stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + PATIENCE_S
        while len(hosted.received) < 15:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    before = len(hosted.received)
    found = evaluated(variables(hosted), str(some))
    spoken = sum(not call["by_rule"] for call in found["calls"])
    assert before < spoken  # it was killed in the middle
    assert spoken <= len(hosted.received) <= spoken + concurrency
    assert found["answers"]["kept"] >= before - concurrency
