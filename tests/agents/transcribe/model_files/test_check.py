"""What a model says of itself."""

from pathlib import Path

import pytest

from agents.transcribe.model_files.check import sample_rate_hz


@pytest.mark.parametrize("place", ["conf/mfcc.conf", "mfcc.conf"], ids=["layout of today", "layout before"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--use-energy=false\n--sample-frequency=8000\n", 8000),
        ("  --sample-frequency = 16000.0 # telephone is 8000", 16000),
        ("# --sample-frequency=8000\n--num-ceps=40\n", 16000),
    ],
    ids=["named", "spaces", "commented out"],
)
def test_the_sample_rate_is_what_mfcc_conf_names_or_kaldis_default(
    tmp_path: Path, place: str, text: str, expected: int
) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text(text, encoding="utf-8")
    assert sample_rate_hz(tmp_path) == expected


def test_without_the_file_it_is_kaldis_default(tmp_path: Path) -> None:
    assert sample_rate_hz(tmp_path) == 16000
