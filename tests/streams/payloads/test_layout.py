"""The audio store's folders: whoever writes, retention and the docs know the same ones."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callsift.retention import kinds_of_data
from store.settings import StoreSettings
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.layout import FOLDERS, RECORDINGS, Folder, digits, stem
from streams.settings import KafkaSettings, RetentionSettings
from tests.test_rooms import MODULES, ROOT, imported

LAYOUT = ROOT / "streams" / "payloads" / "layout.py"
every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@every_folder
@pytest.mark.parametrize("suffix", [".flac", "-vosk-model-small-tr-0.3-a1b2.json", ".WAV", ""])
def test_a_file_is_found_again_by_the_digits_of_what_it_is_named_after(folder: Folder, suffix: str) -> None:
    name = folder.file("0a" * 32, suffix)
    assert stem(f"s3://bucket/callsift/{name}") == digits("0a" * 32) == "0a" * 16
    assert folder.has_made(name)


@pytest.mark.parametrize("name", ["recordings/call.wav", f"recordings/{'a' * 33}.wav", f"turns/{'a' * 32}.wav"])
def test_a_name_that_somebody_else_gave_is_not_ours(name: str) -> None:
    assert not RECORDINGS.has_made(name)


def test_retention_looks_into_every_folder(tmp_path: Path) -> None:
    store = ClaimCheckStore(tmp_path.as_uri())
    for number, folder in enumerate(FOLDERS):
        for file in range(number + 1):
            store.put(folder.file(f"{file}" * 64, ".bin"), b"young")
    settings = RetentionSettings(dead_letters_days=0)  # nothing is old: no broker is asked
    kinds = kinds_of_data(
        settings, datetime.now(UTC), KafkaSettings(), store, StoreSettings(), remove=True, on_message=lambda *_: None
    )
    assert {kind.name: kind.sweep(lambda _: None).looked_at for kind in kinds} == {
        folder.holds: number + 1 for number, folder in enumerate(FOLDERS)
    }


def test_the_pages_know_every_folder() -> None:
    page = (ROOT / "docs" / "audio-store.md").read_text(encoding="utf-8")
    named = dict.fromkeys(re.findall(r"^\| `(\w+)/<", page, re.MULTILINE))
    assert list(named) == [folder.name for folder in FOLDERS]
    shown = re.findall(r"^│ ([a-z ]+?) +│", page, re.MULTILINE)
    assert shown[: len(FOLDERS)] == [folder.holds for folder in FOLDERS]


def test_no_module_but_the_layout_spells_a_folder() -> None:
    spelt = re.compile(rf"({'|'.join(folder.name for folder in FOLDERS)})/")
    wrong = [
        f"{path.relative_to(ROOT)}: {node.value!r}"
        for path in MODULES
        if path != LAYOUT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and spelt.match(node.value)
    ]
    assert wrong == []


def test_every_module_that_writes_to_the_store_takes_its_names_from_the_layout() -> None:
    writers = [
        path
        for path in MODULES
        if any(name.endswith(".ClaimCheckStore") for name in imported(path))
        and re.search(r"\.put(_file)?\b", path.read_text(encoding="utf-8"))
    ]
    assert len(writers) >= 4
    for path in writers:
        assert any(re.fullmatch(r"streams\.payloads\.(layout\.\w+|[A-Z]+)", name) for name in imported(path)), path
