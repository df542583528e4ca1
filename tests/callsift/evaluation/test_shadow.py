"""``callsift eval --shadow``: what is to change, beside what is in use, on the same calls."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from agents.classify.hosted.prompt import TEMPLATE
from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from agents.classify.offline.model import OfflineModel
from agents.classify.offline.train import DIALOGUES
from schemas import Taxonomy
from tests.callsift import terminal
from tests.servers.gemini import GeminiServer, gemini_server
from tests.servers.labelled import Labelled

OFFLINE = {"CALLSIFT_CLASSIFIER": "offline"}
SHIPPED_TAXONOMY = Path(__file__).parents[3] / "schemas" / "taxonomy.yaml"


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Sixty of the shipped evaluation dialogues."""
    lines = (DIALOGUES / "evaluation.jsonl").read_text(encoding="utf-8").splitlines()[::2][:60]
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "next").mkdir()
    return tmp_path / "next"


def shadowed(variables: dict[str, str], *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = terminal.run(variables, "eval", *arguments, "--json")
    assert ended.returncode == code, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def worse_model(path: Path) -> None:
    """Write the shipped model with noise in its weights."""
    model, chance = OfflineModel.load(), np.random.default_rng(7)
    noise = chance.normal(0.0, 0.7, model.weights.shape) * (np.abs(model.weights) > 0)
    weights = (model.weights.astype(np.float32) + noise).astype(np.float16)
    OfflineModel(model.features, model.leaves, weights, model.intercept, model.temperature, model.card).save(path)


def test_a_worse_model_in_the_shadow_is_found_worse_with_the_calls_that_it_breaks(gold: Path, folder: Path) -> None:
    worse_model(folder / "model.npz")
    found = shadowed(OFFLINE, str(gold), "--shadow", str(folder), "--worse-at-most", "0.02", code=1)
    leaf = found["leaf"]
    assert (found["n"], leaf["better"], found["is_not_worse"]) == (60, "A", False)
    labels = {call.id: call.leaf for call in read_labelled_dialogues([gold])}
    broken = [flip for flip in found["flips"] if flip["what"] == "broken"]
    assert len(broken) == leaf["only_a_right"] > 5
    assert all(flip["expected"] == labels[flip["id"]] == flip["a"] != flip["b"] for flip in broken)
    assert found["b"]["classifier"] == "offline"
    plain = terminal.run(OFFLINE, "eval", str(gold), "--shadow", str(folder), "--worse-at-most", "0.02")
    assert plain.returncode == 1
    assert "A is better" in plain.stdout and "broken" in plain.stdout and "not shown" in plain.stderr


def test_what_is_in_use_is_not_worse_than_itself(gold: Path, folder: Path) -> None:
    OfflineModel.load().save(folder / "model.npz")
    found = shadowed(OFFLINE, str(gold), "--shadow", str(folder), "--worse-at-most", "0.1")
    assert (found["flips"], found["leaf"]["difference"], found["is_not_worse"]) == ([], 0.0, True)
    close = shadowed(OFFLINE, str(gold), "--shadow", str(folder), "--worse-at-most", "0.001", code=1)
    assert close["is_not_worse"] is False, "sixty calls cannot show as much"
    assert shadowed(OFFLINE, str(gold), "--shadow", str(folder))["is_not_worse"] is None


def test_a_comparison_of_two_files_has_the_same_verdict_and_exit_code(gold: Path, folder: Path, tmp_path: Path) -> None:
    worse_model(folder / "model.npz")
    floor = {"CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR": "0.999"}
    for name, variables in (("a", OFFLINE), ("b", OFFLINE | floor)):
        ended = terminal.run(variables, "eval", str(gold), "--json")
        (tmp_path / f"{name}.json").write_text(ended.stdout)
    (folder / "model.npz").unlink()
    (folder / "settings.env").write_text("CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR=0.999\n")
    compared = shadowed(
        {}, "--compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--worse-at-most", "0.05", code=1
    )
    shadow = shadowed(OFFLINE, str(gold), "--shadow", str(folder), "--worse-at-most", "0.05", code=1)
    assert (shadow["b"]["confidence_floor"], shadow["leaf"]["better"]) == (0.999, "A")
    assert compared == shadow


def test_the_calls_weigh_as_the_gold_says(gold: Path, folder: Path) -> None:
    worse_model(folder / "model.npz")
    plain = shadowed(OFFLINE, str(gold), "--shadow", str(folder))
    broken = {flip["id"] for flip in plain["flips"] if flip["what"] == "broken"}
    lines = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()]
    weights = [20.0 if line["id"] in broken else 1.0 for line in lines]
    told = [line | {"weight": weight} for line, weight in zip(lines, weights, strict=True)]
    gold.write_text("\n".join(json.dumps(line) for line in told), encoding="utf-8")
    weighed = shadowed(OFFLINE, str(gold), "--shadow", str(folder))
    assert weighed["leaf"]["p_value"] == plain["leaf"]["p_value"]
    lost, won = 20.0 * len(broken), plain["leaf"]["only_b_right"]
    assert weighed["leaf"]["difference"] == pytest.approx((won - lost) / sum(weights))


@pytest.fixture
def hosted(gold: Path) -> Iterator[GeminiServer]:
    """A hosted model that is wrong about one call in ten, unless it is told to take care."""
    with gemini_server() as server:
        calls: list[LabelledDialogue] = read_labelled_dialogues([gold])
        careless, careful = Labelled(calls, 0.3), Labelled(calls, 0.0)
        server.respond = lambda request: (careful if "take care" in json.dumps(request.body) else careless)(request)
        yield server


def test_a_prompt_in_the_shadow_is_what_the_model_is_told_and_nothing_is_asked_twice(
    gold: Path, folder: Path, hosted: GeminiServer
) -> None:
    variables = {"CALLSIFT_GEMINI_API_KEY": "key", "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": hosted.address}
    (folder / "prompt.md").write_text(TEMPLATE.read_text(encoding="utf-8") + "\nPlease take care.\n", encoding="utf-8")
    options = (str(gold), "--limit", "30", "--shadow", str(folder))
    found = shadowed(variables, *options, "--worse-at-most", "0")
    assert (found["leaf"]["better"], found["leaf"]["b"], found["is_not_worse"]) == ("B", 1.0, True)
    assert {flip["what"] for flip in found["flips"]} == {"mended"}
    asked = len(hosted.received)
    assert found["a"]["tokens"] == found["b"]["tokens"] > 0
    assert shadowed(variables, *options)["leaf"] == found["leaf"]
    assert len(hosted.received) == asked


def test_another_taxonomy_and_another_model_are_what_the_hosted_service_sees(
    gold: Path, folder: Path, hosted: GeminiServer
) -> None:
    variables = {"CALLSIFT_GEMINI_API_KEY": "key", "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": hosted.address}
    text = SHIPPED_TAXONOMY.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    content["company"] += " Please take care."
    (folder / "taxonomy.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    (folder / "settings.env").write_text("# the next one\nCALLSIFT_CLASSIFY_GEMINI_MODEL=gemini-next\n")
    found = shadowed(variables, str(gold), "--limit", "15", "--shadow", str(folder))
    assert (found["n"], found["leaf"]["b"]) == (15, 1.0)
    assert found["leaf"]["a"] < 1.0
    assert {request.model for request in hosted.received} == {"gemini-3.5-flash-lite", "gemini-next"}


def without_complaint(content: dict[str, Any]) -> dict[str, Any]:
    for category in content["categories"]:
        category["sub_categories"] = [sub for sub in category.get("sub_categories", ()) if sub["code"] != "complaint"]
    content["precedence"] = [rule for rule in content["precedence"] if rule["leaf"] != "complaint"]
    return content


def test_a_taxonomy_that_lacks_a_label_of_the_gold_is_refused(gold: Path, folder: Path) -> None:
    content = without_complaint(yaml.safe_load(SHIPPED_TAXONOMY.read_text(encoding="utf-8")))
    (folder / "taxonomy.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    ended = terminal.run(OFFLINE, "eval", str(gold), "--shadow", str(folder))
    assert (ended.returncode, "complaint" in ended.stderr, "Traceback" in ended.stderr) == (1, True, False)
    assert "complaint" in Taxonomy.load().leaves


@pytest.mark.parametrize(
    ("files", "code", "named"),
    [
        ({}, 1, "nothing"),
        ({"promt.md": "x"}, 1, "promt.md"),
        ({"prompt.md": "$categories $what"}, 1, "$company"),
        ({"model.npz": "no model"}, 1, "callsift train"),
        ({"taxonomy.yaml": "a: [1"}, 1, "taxonomy.yaml"),
        ({"settings.env": "CALLSIFT_SINK_X=1"}, 2, "CALLSIFT_SINK_X"),
        ({"settings.env": "CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR=7"}, 2, "CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR"),
    ],
)
def test_a_folder_that_is_no_version_is_refused_with_what_is_wrong(
    gold: Path, folder: Path, files: dict[str, str], code: int, named: str
) -> None:
    for name, content in files.items():
        (folder / name).write_text(content)
    variables = OFFLINE
    if "prompt.md" in files:
        key = {"CALLSIFT_GEMINI_API_KEY": "key", "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": "http://127.0.0.1:9"}
        variables = key
    ended = terminal.run(variables, "eval", str(gold), "--limit", "1", "--shadow", str(folder))
    assert (ended.returncode, named in ended.stderr, "Traceback" in ended.stderr) == (code, True, False), ended.stderr


def test_a_shadow_needs_calls_and_makes_no_report(gold: Path, folder: Path) -> None:
    (folder / "settings.env").write_text("CALLSIFT_CLASSIFY_CONFIDENCE_FLOOR=0.5\n")
    with_gold = (str(gold), "--shadow", str(folder), "--calibrate")
    for arguments in (("--shadow", str(folder)), with_gold, (str(gold), "--worse-at-most", "0.1")):
        assert terminal.run(OFFLINE, "eval", *arguments).returncode == 2
