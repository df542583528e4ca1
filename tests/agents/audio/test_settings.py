"""Settings of the audio stage: who is on which channel."""

import pytest

from agents.audio.settings import AudioSettings
from schemas import Speaker
from streams.errors import SettingsError

VARIABLE = "CALLSIFT_AUDIO_CHANNELS"


def test_channels_are_read_from_json_as_an_event_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AudioSettings.read().channels is None
    monkeypatch.setenv(VARIABLE, '{"customer": 1, "agent": 0}')
    assert AudioSettings.read().channels == {Speaker.CUSTOMER: 1, Speaker.AGENT: 0}


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("0,1", "Extra data"),
        ("[0, 1]", "dictionary"),
        ('{"customer": 0}', "channels must name every speaker: customer, agent"),
        ('{"customer": 0, "agent": 0}', "two speakers share a channel"),
        ('{"customer": 0, "boss": 1}', "customer"),
        ('{"agent": -1}', "greater than or equal to 0"),
    ],
)
def test_channels_that_do_not_say_who_is_where_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, value: str, rule: str
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(SettingsError, match=f"{VARIABLE}: .*{rule}"):
        AudioSettings.read()
