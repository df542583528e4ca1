"""The caller's number: kept, hashed or dropped."""

from typing import Any

import pytest
from pydantic import SecretStr

from streams.errors import SettingsError
from streams.privacy import CallerPrivacy
from streams.settings import PrivacySettings
from tests.schemas.examples import call_ended, call_failed, dead_letter

KEY = SecretStr("a secret of this installation")
NUMBER = "+905550000012"


def privacy(**settings: Any) -> CallerPrivacy:
    return CallerPrivacy(PrivacySettings(**settings))


def test_the_callers_number_is_kept_by_default() -> None:
    assert CallerPrivacy(PrivacySettings()).applied(call_ended()) == call_ended()


def test_the_callers_number_is_dropped_on_request() -> None:
    assert privacy(caller="drop").applied(call_ended()) == call_ended().model_copy(update={"caller": None})


def test_a_hash_hides_the_number_and_is_the_same_for_the_same_number() -> None:
    hashing = privacy(caller="hash", caller_key=KEY)
    hashed = hashing.applied(call_ended())
    assert hashed.caller is not None
    assert hashed.caller.startswith("hmac-sha256:")
    assert NUMBER[1:] not in hashed.model_dump_json()
    spaced = call_failed().model_copy(update={"caller": "+90 555 000 00 12"})
    assert hashing.applied(spaced).caller == hashed.caller
    assert hashing.applied(call_ended().model_copy(update={"caller": "+905550000013"})).caller != hashed.caller
    other_key = privacy(caller="hash", caller_key=SecretStr("a secret of another one"))
    assert other_key.applied(call_ended()).caller != hashed.caller


@pytest.mark.parametrize("settings", [{}, {"caller": "drop"}, {"caller": "hash", "caller_key": KEY}])
def test_applying_the_rule_twice_changes_nothing(settings: dict[str, Any]) -> None:
    applied = privacy(**settings).applied
    assert applied(applied(call_ended())) == applied(call_ended())


def test_an_event_without_a_caller_stays_as_it_is() -> None:
    nobody = call_ended().model_copy(update={"caller": None})
    hashing = privacy(caller="hash", caller_key=KEY)
    assert hashing.applied(nobody) == nobody
    assert hashing.applied(dead_letter()) == dead_letter()


@pytest.mark.parametrize("key", [None, "short"])
def test_a_hash_without_a_proper_key_stops_the_start(monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    monkeypatch.setenv("CALLSIFT_PRIVACY_CALLER", "hash")
    if key:
        monkeypatch.setenv("CALLSIFT_PRIVACY_CALLER_KEY", key)
    with pytest.raises(SettingsError, match="CALLSIFT_PRIVACY_CALLER_KEY") as caught:
        PrivacySettings.read()
    assert "short" not in str(caught.value).replace("too_short", "")
