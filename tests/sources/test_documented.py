"""What docs/sources.md shows does what it says."""

import re
from typing import Any

import yaml

from schemas import DISPOSITIONS, CallEnded, OneFile
from sources.mapping import PRESETS, Sent
from sources.mapping.functions import MappingFunctions
from sources.mapping.mapping import Mapping, MappingFile
from sources.observation import Observation, call_ended
from sources.settings import SourcesFile, Webhook
from tests.test_rooms import ROOT

PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
SOURCES, MAPPING = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL))
CALL: dict[str, Any] = {
    "event": "call_end",
    "call": {
        "id": 4711,
        "start": "2026-11-28 10:00:00",
        "seconds": 41,
        "way": "IN",
        "number": "<unknown>",
        "agent": " elif ",
        "result": "ok",
        "file": "4711.wav",
    },
}


def mapped(call: dict[str, Any]) -> CallEnded | None:
    sent = Sent(body=CALL | {"call": CALL["call"] | call}, query=[("shop", "7")], headers={"user-agent": "pbx/1"})
    content = Mapping.of(MappingFile.model_validate(MAPPING)).content(sent, recordings="s3://pbx/")
    return None if content is None else call_ended(Observation("own", content))


def test_the_mapping_of_the_page_makes_a_call() -> None:
    call = mapped({})
    assert call is not None
    assert isinstance(call.recording, OneFile)
    assert (call.call_id, str(call.ended_at)) == ("4711", "2026-11-28 07:00:41+00:00")
    assert (call.direction, call.caller, call.agent_id) == ("inbound", None, "elif")
    assert call.recording.model_dump(mode="json")["channels"] == {"customer": 1, "agent": 0}
    assert (call.recording.uri, call.metadata) == ("s3://pbx/4711.wav", {"shop": "7", "pbx": "pbx/1"})


def test_of_the_same_a_call_without_a_file_has_no_recording() -> None:
    call = mapped({"file": "", "result": "NoAnswer"})
    assert call is not None
    assert (call.recording, call.disposition) == (None, "missed")


def test_the_file_of_sources_of_the_page_is_one() -> None:
    assert SourcesFile.model_validate(SOURCES).webhooks.keys() == {"phone", "office", "own"}


def table(heading: str) -> set[str]:
    """Return what stands in the first column of a section's table."""
    section = PAGE.partition(heading)[2].partition("\n#")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w[\w-]*)", row)}


def test_the_page_names_every_preset_every_setting_and_every_function() -> None:
    assert table("### Presets") == set(PRESETS)
    assert table("## Webhooks") >= {*Webhook.model_fields, "public_url"}
    own = {name.removeprefix("_func_") for name in vars(MappingFunctions) if name.startswith("_func_")}
    assert table("### A mapping of your own") == own


def test_the_page_names_the_dispositions() -> None:
    listed = table("## Calls without a recording")
    assert listed - {"disposition"} == set(DISPOSITIONS)
