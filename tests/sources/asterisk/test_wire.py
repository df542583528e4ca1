"""The Manager Interface as bytes."""

import pytest

from sources.asterisk.names import Legs, beside, dialled, extension, legs_of, number
from sources.asterisk.wire import Messages, NotAsterisk, action, unescaped

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def test_fields_that_come_several_times_are_all_kept() -> None:
    [message] = Messages().feed(BANNER + b"Event: Status\r\nVariable: A=1\r\nVariable: B=x: y\r\n\r\n")
    assert message == {"Event": "Status", "Variable": "A=1\nB=x: y"}


def test_an_empty_line_too_many_is_passed_over() -> None:
    """Debian's builds send some in test events."""
    assert [one["Event"] for one in Messages().feed(BANNER + b"Event: A\r\n\r\n\r\nEvent: B\r\n\r\n")] == ["A", "B"]


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n", b"x" * 2000])
def test_another_server_is_told_by_its_first_line(data: bytes) -> None:
    with pytest.raises(NotAsterisk, match="no Manager Interface"):
        list(Messages().feed(data))


def test_a_message_without_end_does_not_fill_the_memory() -> None:
    messages = Messages()
    list(messages.feed(BANNER))
    with pytest.raises(NotAsterisk, match="larger"):
        for _ in range(100):
            list(messages.feed(b"x" * 100_000))


def test_a_line_break_makes_no_second_field() -> None:
    with pytest.raises(ValueError, match="line break"):
        action("Login", "1", Secret="a\r\nAction: Originate")


def test_values_are_read_as_c_writes_them() -> None:
    assert unescaped(r"O\'Brien \"x\" a\\b\n") == 'O\'Brien "x" a\\b\n'


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("PJSIP/101-0000002a", "101"),
        ("PJSIP/101", "101"),
        ("Local/102@from-queue/n", "102"),
        ("SIP/+902125550000-0000002a", "+902125550000"),
        ("nonsense", None),
    ],
)
def test_whose_a_channel_is(name: str, who: str | None) -> None:
    assert extension(name) == who


@pytest.mark.parametrize(
    ("text", "expected"), [("2125550000@trunk", "2125550000"), ("PJSIP/2125550000@trunk", "2125550000"), ("101", "101")]
)
def test_what_was_dialled(text: str, expected: str) -> None:
    assert dialled(text) == expected


@pytest.mark.parametrize("text", ["<unknown>", "", "anonymous", "s", "h"])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("/m/a.wav,r(/m/a-r.wav)t(/m/a-t.wav)i(ID)", ("/m/a.wav", ("/m/a-r.wav", "/m/a-t.wav"))),
        ("a.wav,br(a-r.wav)t(a-t.wav),touch x", ("a.wav", ("a-r.wav", "a-t.wav"))),
        ("/m/a.wav,r(/m/a-r.wav)", None),
        ("/m/a.wav", None),
    ],
)
def test_the_files_of_both_directions_are_in_the_options(data: str, expected: object) -> None:
    assert legs_of(data) == expected


@pytest.mark.parametrize(
    ("path", "mix", "legs", "expected"),
    [
        ("/m/a.wav", "/m/a.wav", ("/m/a-r.wav", "/m/a-t.wav"), ("/m/a-r.wav", "/m/a-t.wav")),
        ("/m/a.wav", "/m/a.wav", ("a-r.wav", "a-t.wav"), ("/spool/a-r.wav", "/spool/a-t.wav")),
        ("/m/2026/a.wav", "2026/a.wav", ("2026/a-r.wav", "2026/a-t.wav"), ("/m/2026/a-r.wav", "/m/2026/a-t.wav")),
        ("/m/b.wav", "a.wav", ("a-r.wav", "a-t.wav"), None),
        ("/m/aa.wav", "a.wav", ("a-r.wav", "a-t.wav"), None),
    ],
)
def test_where_the_files_of_both_directions_lie(
    path: str, mix: str, legs: tuple[str, str], expected: tuple[str, str] | None
) -> None:
    assert beside(path, mix, Legs(*legs), "/spool") == expected
