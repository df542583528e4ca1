"""docs/accuracy.md, followed by a new user: the page's own program draws the calls, labels make them measurable."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from callsift.embedded import EmbeddedStore
from schemas import CallOutcome, Speaker
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from tests.callsift import terminal
from tests.patience import PATIENCE_S
from tests.schemas.examples import examples, turn

PAGE = (Path(__file__).parents[3] / "docs" / "accuracy.md").read_text(encoding="utf-8")
OUTCOME = next(event for event in examples() if isinstance(event, CallOutcome)).model_copy(update={"state": "done"})


async def store_calls(uri: str) -> None:
    said = (turn(Speaker.AGENT, "servis buyurun"), turn(Speaker.CUSTOMER, "geçen hafta yapıldı yine bozuldu", 2.0))
    store = OutcomeStore(Database(StoreSettings(uri=SecretStr(uri))))
    for name, turns in {"a": said, "b": said, "c": ()}.items():
        await store.save(OUTCOME.model_copy(update={"call_id": name, "outcome_id": name, "revision": 1}), turns)


@pytest.mark.integration
def test_calls_are_drawn_labelled_measured_and_compared(tmp_path: Path) -> None:
    stored = EmbeddedStore(tmp_path / "store")
    try:
        asyncio.run(store_calls(stored.uri))
        program = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
        assert program is not None
        drawn = subprocess.run(
            [sys.executable, "-c", program[1]],
            env={"CALLSIFT_MONGO_URI": stored.uri},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        ).stdout
    finally:
        stored.stop()
    calls = [json.loads(line) for line in drawn.splitlines()]
    assert sorted(call["id"] for call in calls) == ["a", "b", "c"]
    file = tmp_path / "calls.jsonl"
    file.write_text(drawn)
    unlabelled = terminal.run({"CALLSIFT_CLASSIFIER": "offline"}, "eval", str(file))
    assert (unlabelled.returncode, "call " in unlabelled.stderr) == (1, True)
    for call in calls:
        category, sub = ("unnecessary_call", "complaint") if call["turns"] else ("empty_call", None)
        call |= {"category": category, "sub_category": sub}
    file.write_text("\n".join(json.dumps(call) for call in calls))
    for name in ("before", "after"):
        ended = terminal.run({"CALLSIFT_CLASSIFIER": "offline"}, "eval", str(file), "--json")
        assert json.loads(ended.stdout)["accuracy"]["leaf"] == 1.0
        (tmp_path / f"{name}.json").write_text(ended.stdout)
    compared = terminal.run({}, "eval", "--compare", str(tmp_path / "before.json"), str(tmp_path / "after.json"))
    assert "no difference shown" in compared.stdout


@pytest.mark.parametrize("key", ["selective_accuracy", "intervals", "per_class", "risk_coverage", "answers", "calls"])
def test_the_page_names_what_the_json_holds(key: str) -> None:
    assert f'"{key}"' in PAGE
