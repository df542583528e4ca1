"""Calls made of what real Asterisks said (tests/sources/asterisk/traces.py)."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from schemas import CallEnded
from sources.asterisk.call import Rules, content, direction
from sources.asterisk.tracker import RECORDING, State, Tracker
from sources.asterisk.wire import Message, Messages
from sources.observation import Observation, call_ended
from tests.sources.asterisk.traces import TRUNKS, connections, names

RULES = Rules("/var/spool/asterisk/monitor", "https://pbx.example/rec", TRUNKS)
NAMES = list(names())


def messages(name: str, chance: random.Random | None = None) -> Iterator[tuple[float, Message]]:
    """Yield what came in a trace: in the pieces in which it came, or cut anywhere else."""
    for pieces in connections(name):
        said = Messages()
        for at, data in pieces:
            start = 0
            while start < len(data):
                end = start + (chance.choice((1, 2, 3, 50, 1000)) if chance else len(data))
                for message in said.feed(data[start:end]):
                    yield at, message
                start = end


def told(name: str, rules: Rules = RULES, chance: random.Random | None = None) -> list[dict[str, Any]]:
    """Return what is told of a trace's calls; those inside the house are left out."""
    tracker = Tracker(rules)
    for at, message in messages(name, chance):
        if "ActionID" not in message:
            tracker.note(message, at)
    return [content(call, rules) for call in tracker.over(2e12) if direction(call, rules) != "internal"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("22-01-plain", {"direction": "inbound", "caller": "2125550000", "agent_id": "101", "disposition": "answered"}),
        ("16-01-plain", {"direction": "inbound", "caller": "2125550000", "agent_id": "101", "ringing_s": 0.403}),
        ("22-02-queue", {"queue": "sales", "agent_id": "101", "queue_s": 1.503, "caller": "2125550000"}),
        ("16-02-queue", {"queue": "sales", "agent_id": "101", "queue_s": 1.504}),
        ("22-02c-queue-local-members", {"queue": "fpbx", "agent_id": "102"}),
        ("22-02d-queue-first-does-not-answer", {"queue": "team", "agent_id": "102", "disposition": "answered"}),
        ("22-03-abandoned", {"queue": "empty", "disposition": "abandoned", "recording": None, "queue_s": 2.003}),
        ("22-03b-queue-timeout", {"queue": "empty", "disposition": "missed", "recording": None}),
        ("22-04-not-answered", {"disposition": "missed", "recording": None, "ringing_s": 2.001}),
        ("22-04b-busy", {"disposition": "busy", "recording": None}),
        ("22-04c-caller-gives-up-ringing", {"disposition": "missed", "recording": None}),
        ("22-05-attended-transfer", {"agent_id": "101", "hold_s": 1.91}),
        ("16-05-attended-transfer", {"agent_id": "101", "disposition": "answered"}),
        ("22-05b-attended-transfer-by-ami", {"agent_id": "101"}),
        ("22-06-blind-transfer", {"agent_id": "101", "disposition": "answered"}),
        ("16-06-blind-transfer", {"agent_id": "101", "disposition": "answered"}),
        ("22-08-hold", {"hold_s": 1.201}),
        ("22-09-ami-lost-in-the-call", {"queue": "sales", "agent_id": "101"}),
        ("22-12-restart", {"queue": "sales", "agent_id": "101", "disposition": "answered"}),
        ("22-13-click-to-call", {"direction": "outbound", "agent_id": "101", "disposition": "answered"}),
        ("22-13b-agent-dials-out", {"direction": "outbound", "agent_id": "101"}),
        ("22-14-ivr", {"disposition": "abandoned", "recording": None}),
        ("22-14b-voicemail", {"disposition": "voicemail", "recording": None}),
        ("22-16-freepbx-mono", {"agent_id": "101"}),
    ],
)
def test_a_scenario_is_one_call(name: str, expected: dict[str, Any]) -> None:
    [call] = told(name)
    assert {field: call.get(field) for field in expected} == expected
    assert isinstance(call_ended(Observation("tests", call)), CallEnded)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_open(name: str) -> None:
    tracker = Tracker(RULES)
    for at, message in messages(name):
        tracker.note(message, at)
    over = tracker.over(2e12)
    assert len(over) == len(tracker.state.calls)
    for call in over:
        tracker.forget(call)
    assert tracker.state == State()
    assert tracker._linked == {}


@pytest.mark.parametrize("name", NAMES)
def test_bytes_may_come_in_any_pieces(name: str) -> None:
    assert told(name, chance=random.Random(name)) == told(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_restart_at_any_moment_changes_nothing(name: str) -> None:
    chance = random.Random(name)
    tracker = Tracker(RULES)
    for at, message in messages(name):
        tracker.note(message, at)
        if chance.random() < 0.1:
            tracker = Tracker(RULES, State.model_validate_json(tracker.state.model_dump_json()))
    found = [content(call, RULES) for call in tracker.over(2e12) if direction(call, RULES) != "internal"]
    assert found == told(name)


@pytest.mark.parametrize(
    ("name", "customer", "agent"),
    [
        ("22-01-plain", "in-1795792923.0-r.wav", "in-1795792923.0-t.wav"),
        ("22-13-click-to-call", "out-1795793108.4-t.wav", "out-1795793108.4-r.wav"),
        ("22-13b-agent-dials-out", "out-1795793114.8-t.wav", "out-1795793114.8-r.wav"),
        ("22-15-agent-leg", "agentleg-1795793137.19-t.wav", "agentleg-1795793137.19-r.wav"),
    ],
)
def test_whose_channel_was_recorded_says_who_is_in_which_file(name: str, customer: str, agent: str) -> None:
    """Byte for byte so in the scenarios' recordings."""
    [call] = told(name)
    assert call["recording"] == {
        "customer": {"uri": f"https://pbx.example/rec/{customer}"},
        "agent": {"uri": f"https://pbx.example/rec/{agent}"},
    }


@pytest.mark.parametrize("name", ["22-01-plain", "22-02-queue", "22-08-hold"])
def test_a_clock_that_is_set_back_in_a_call_costs_no_call(name: str) -> None:
    said = list(messages(name))
    for back in range(len(said)):
        tracker = Tracker(RULES)
        for number, (at, message) in enumerate(said):
            tracker.note(message, at if number < back else at - 3600)
        [call] = [content(one, RULES) for one in tracker.over(2e12) if direction(one, RULES) != "internal"]
        assert isinstance(call_ended(Observation("tests", call)), CallEnded)


def test_without_trunks_whoever_comes_first_is_the_customer() -> None:
    [call] = told("22-01-plain", RULES._replace(trunks=()))
    assert call["recording"]["customer"]["uri"].endswith("-r.wav")
    assert call["agent_id"] == "101"
    assert "direction" not in call


def test_a_call_inside_the_house_is_none() -> None:
    """The consultation before an attended transfer has a Linkedid and a recording of its own."""
    tracker = Tracker(RULES)
    for at, message in messages("22-05-attended-transfer"):
        tracker.note(message, at)
    assert [direction(call, RULES) for call in tracker.over(2e12)] == ["inbound", "internal"]


def test_of_several_recordings_the_longest_is_the_calls_and_the_others_are_named() -> None:
    [call] = told("22-06-blind-transfer")
    assert call["recording"]["customer"]["uri"].endswith("/in-1795793015.89-r.wav")
    assert call["metadata"]["more_recordings"] == ["https://pbx.example/rec/int-1795793015.89.wav"]
    assert call["metadata"]["agents"] == ["101", "102"]


def test_a_recording_that_was_stopped_is_as_long_as_it_was() -> None:
    [call] = told("22-07-two-recordings", RULES._replace(legs=("-r", "-t")))
    assert call["recording"]["agent"]["uri"].endswith("/second-t.wav")


@pytest.mark.parametrize("number", ["+902125550000", "2125550001", "2125550000", None])
def test_a_withheld_number_is_no_caller(number: str | None) -> None:
    assert number in [call.get("caller") for call in told("22-10-caller-ids")]


def test_events_before_the_channel_is_known_are_not_lost() -> None:
    """Where somebody begins to listen, or a path comes before its Newchannel."""
    tracker = Tracker(RULES)
    for at, message in messages("22-02-queue"):
        if message.get("Event") != "Newchannel":
            tracker.note(message, at)
    [call] = tracker.over(2e12)
    found, [expected] = content(call, RULES), told("22-02-queue")
    assert (found["recording"], found["agent_id"]) == (expected["recording"], expected["agent_id"])


@pytest.mark.parametrize("newest_first", [False, True])
def test_what_goes_on_at_a_login_is_asked_for(newest_first: bool) -> None:
    tracker, channels, asked = Tracker(RULES), list[Message](), 0.0
    for at, message in messages("22-09-ami-lost-in-the-call"):
        if message.get("Event") == "Status":
            # Asterisk 22.10 lists channels in any order, and says "(null)" of those that are not recorded
            channels.append({"Variable": f"{RECORDING}=(null)", **message})
        elif message.get("Event") == "StatusComplete":
            tracker.found(channels[::-1] if newest_first else channels, asked := at)
        elif asked and "ActionID" not in message:
            tracker.note(message, at)
    [call] = tracker.over(2e12)
    assert len(call.recordings) == 1
    found = content(call, RULES._replace(legs=("-r", "-t")))
    assert found["recording"]["customer"]["uri"].endswith("/q-1795793213.151-r.wav")
    assert (found["caller"], found["agent_id"], found["queue"]) == ("2125550000", "101", "sales")


def test_a_call_that_ended_while_nobody_listened_is_told_with_what_was_known() -> None:
    tracker = Tracker(RULES)
    for at, message in messages("22-01-plain"):
        if message.get("Event") == "HangupRequest":
            break
        tracker.note(message, at)
    assert tracker.over(2e12) == []
    again = Tracker(RULES, State.model_validate_json(tracker.state.model_dump_json()))
    again.found([], 1_795_800_000.0)
    [call] = again.over(2e12)
    found = content(call, RULES)
    assert found["recording"]["customer"]["uri"].endswith("-r.wav")
    assert found["metadata"]["ended_unseen"] is True


def test_a_call_that_is_handed_in_does_not_come_back() -> None:
    tracker = Tracker(RULES)
    for at, message in messages("22-01-plain"):
        tracker.note(message, at)
        for call in tracker.over(at):
            tracker.forget(call)
    assert tracker.state == State()
