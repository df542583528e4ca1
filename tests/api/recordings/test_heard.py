"""When a listening is noted."""

from api.recordings.heard import Heard


def test_a_listening_is_new_once_an_hour() -> None:
    now = 0.0
    heard = Heard(clock=lambda: now)
    assert heard.is_new("ayla", "call-1", "playable")
    assert heard.is_new("ayla", "call-1", "playable")  # nothing was noted
    heard.begin("ayla", "call-1", "playable")
    assert not heard.is_new("ayla", "call-1", "playable")
    assert heard.is_new("deniz", "call-1", "playable")
    now = 3600.0
    assert heard.is_new("ayla", "call-1", "playable")


def test_what_does_not_fit_is_noted_again() -> None:
    heard = Heard(most=2)
    for call_id in ("call-1", "call-2", "call-3"):
        heard.begin("ayla", call_id)
    assert [heard.is_new("ayla", call_id) for call_id in ("call-1", "call-2", "call-3")] == [True, False, False]
