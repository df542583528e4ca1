"""What telephone systems write is decoded whole, whatever the format."""

from pathlib import Path

import pytest

from tests.agents.audio.formats import CALL, FORMATS, Format
from tests.agents.audio.sounds import decode

_CODEC_DELAY_S = 0.25


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.file)
def test_every_format_is_decoded_whole_and_not_taken_for_damaged(form: Format, tmp_path: Path) -> None:
    form.written(tmp_path)
    whole = decode(CALL)
    for path in form.files(tmp_path):
        decoded = decode(path)
        assert decoded.codec == form.codec
        assert decoded.samples.shape[0] == (1 if form.file_per_speaker else 2)
        assert decoded.duration_s == pytest.approx(whole.duration_s, abs=_CODEC_DELAY_S)
        assert (decoded.damaged, decoded.lost_s) == (False, 0.0)


def test_the_documentation_lists_every_format_with_its_word_error_rate() -> None:
    lines = (Path(__file__).parents[3] / "docs" / "recordings.md").read_text(encoding="utf-8").splitlines()
    rows = [f"| {form.title} | {form.word_error_rate:.2f} | " for form in FORMATS]
    assert [row for row in rows if not any(line.startswith(row) for line in lines)] == []
