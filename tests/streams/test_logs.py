"""Log lines."""

import json
import logging

import pytest

from streams.logs import logged_with, set_up_logging


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> object:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = handlers, level


def test_json_lines_carry_the_context_and_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json")
    with logged_with(stage="audio", call_id="call-1"):
        logging.getLogger("callsift.test").info("finished", extra={"took_s": 0.5})
    line = json.loads(capsys.readouterr().err)
    assert line["message"] == "finished"
    assert (line["stage"], line["call_id"], line["took_s"]) == ("audio", "call-1", 0.5)


def test_text_lines_show_the_fields_behind_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "text")
    logging.getLogger("callsift.test").info("finished", extra={"result": "done"})
    assert capsys.readouterr().err.rstrip().endswith("finished result=done")


@pytest.mark.parametrize("library", ["faust", "aiokafka", "pymongo", "google_genai"])
def test_libraries_stay_quiet_even_at_debug_level(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("DEBUG", "text")
    logging.getLogger(f"{library}.deep.inside").debug("a message that quotes what somebody said")
    assert capsys.readouterr().err == ""
