"""How far a command is, where standard error is no terminal."""

import pytest

from callsift.commands.progress import shown


def test_every_step_has_a_line_unless_it_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(3) as steps:
        steps.done("built")
        steps.done("warm", quiet=True)
        steps.done("[measured]")
    assert capsys.readouterr().err.splitlines() == ["1 of 3 built", "3 of 3 [measured]"]


def test_many_steps_have_as_many_lines_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(40, lines=2) as steps:
        steps.done("calls", 0)
        for count in (15, 15, 10):
            steps.done("calls", count)
    assert capsys.readouterr().err.splitlines() == ["30 of 40 calls", "40 of 40 calls"]


def test_no_steps_have_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(0, lines=10) as steps:
        steps.done("calls", 0)
    assert capsys.readouterr().err == ""
