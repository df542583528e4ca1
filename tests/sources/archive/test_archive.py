"""Archives of old calls: what a folder and a table make of each, and what they refuse."""

import errno
import json
import os
from pathlib import Path

import pytest

from sources.archive import Archive, ArchiveOptions, OldCall, archive_of
from sources.observation import Observation, Refused, call_ended
from streams.errors import CallsiftError
from tests.sources.folder.test_wav import written

TRACES = Path(__file__).parents[1] / "asterisk" / "traces"
DEFAULTS = ArchiveOptions()


def opened(path: Path, options: ArchiveOptions = DEFAULTS) -> Archive:
    return archive_of(str(path), options)


def event(call: OldCall) -> dict[str, object]:
    """What comes of a call when it is handed in: the event's own rules decide."""
    assert not isinstance(call.content, Refused)
    return call_ended(Observation("backfill", call.content)).model_dump(mode="json", exclude_none=True)


def table(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_is_read_as_a_watched_folder_is(tmp_path: Path) -> None:
    stem = "20260701-120000_5551234567"
    (tmp_path / f"S_{stem}.wav").write_bytes(written(3.0))
    (tmp_path / f"{stem}-all.wav").write_bytes(written(3.0))
    (tmp_path / f"{stem}.json").write_text('{"queue": "sales"}')
    (tmp_path / "20260701-130000_5557654321-all.wav").write_bytes(b"RIFF")  # a header without sound
    archive = opened(tmp_path, ArchiveOptions(preset="vicidial", time_zone="Europe/Istanbul", prefix="a-"))
    [call] = archive
    made = event(call)
    assert len(archive) == 1, "the mono twin is no second call"
    assert call.seconds == pytest.approx(3.0)
    assert (made["call_id"], made["queue"], made["caller"]) == (f"a-{stem}", "sales", "5551234567")
    assert made["started_at"] == "2026-07-01T09:00:00Z"
    assert str(made["recording"]).count("S_20260701") == 1


def test_a_sidecar_that_is_no_object_refuses_its_call_alone_and_names_no_file(tmp_path: Path) -> None:
    for name in ("good", "05551234567"):
        (tmp_path / f"{name}.wav").write_bytes(written(1.0))
    (tmp_path / "05551234567.json").write_text("[1")
    refused, good = sorted(opened(tmp_path), key=lambda call: isinstance(call.content, dict))
    assert isinstance(refused.content, Refused)
    assert "0555" not in f"{refused.place} {refused.content}"
    assert event(good)["call_id"] == "good"


def test_a_folder_that_may_not_be_read_is_refused_and_the_others_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.wav").write_bytes(written(3.0))
    scandir = os.scandir

    def refuses(path: str) -> object:
        if path.endswith("theirs"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses)
    refused, call = list(opened(tmp_path))
    assert isinstance(refused.content, Refused)
    assert ("1 files or folders" in refused.content.message, "theirs" in str(refused.content)) == (True, False)
    assert event(call)["recording"] == {"uri": (tmp_path / "ours" / "ours.wav").as_uri()}


def test_json_lines_are_fields_of_the_event(tmp_path: Path) -> None:
    good = {
        "call_id": "1",
        "ended_at": "2025-01-01T00:01:30Z",
        "started_at": 1735689600,
        "recording": {"uri": "s3://b/1"},
    }
    path = table(tmp_path, "old.jsonl", f"{json.dumps(good)}\n\n[1]\n{{\n")
    archive = opened(path)
    first, *others = archive
    assert len(archive) == 3
    assert (first.seconds, event(first)["call_id"]) == (90.0, "1")
    assert [call.place for call in others] == ["line 3", "line 4"]
    assert all(isinstance(call.content, Refused) for call in others)


def test_columns_of_csv_name_fields_and_what_lies_in_them(tmp_path: Path) -> None:
    columns = (
        "call_id,ended_at,recording.uri,recording.channels.customer,recording.channels.agent,queue,hold_s,metadata.shop"
    )
    path = table(
        tmp_path,
        "old.csv",
        f"\ufeff{columns}\n1,2025-01-01T00:00:00Z,file:///r/1.wav,1,0,,2.5,007\n2,2025-01-02T00:00:00Z,,,,,,\n",
    )
    recorded, without = opened(path)
    made = event(recorded)
    assert made["recording"] == {"uri": "file:///r/1.wav", "channels": {"customer": 1, "agent": 0}}
    assert (made["hold_s"], made["metadata"]) == (2.5, {"shop": "007"})
    assert "queue" not in made
    with pytest.raises(Refused, match="disposition"):
        event(without)


def test_call_records_of_an_asterisk_are_its_calls_under_each_of_their_names() -> None:
    archive = opened(TRACES / "22.cdr.csv", ArchiveOptions(recordings="file:///mnt/%Y"))
    calls = list(archive)
    assert len(calls) == len(archive) > 0
    for call in calls:
        assert call.ids[0] == event(call)["call_id"]
    with pytest.raises(CallsiftError, match="--recordings"):
        opened(TRACES / "22.cdr.csv")


def test_a_table_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes(b"call_id\n\xff\xfe\n")
    with pytest.raises(CallsiftError, match=r"cannot read .*old\.csv"):
        opened(path)
