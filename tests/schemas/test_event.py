"""What an event hands on to the one that comes of it."""

import pytest

from schemas import AudioReady, CallEnded, CallOutcome, CallTranscribed, Failure
from tests.schemas.examples import ENDED_AT, FIGURES, audio_ready, call_classified, call_ended, call_transcribed, hop


def test_facts_of_the_call_travel_from_the_pbx_to_the_outcome() -> None:
    start, end = call_ended(), call_classified()
    for name in ("call_id", "trace_id", "ended_at", "started_at", "caller", "agent_id", "queue", "metadata"):
        assert getattr(end, name) == getattr(start, name), name
    assert [passage.stage for passage in end.hops] == ["pbx", "audio", "transcribe", "classify"]


def test_fields_that_this_version_does_not_know_are_carried_on() -> None:
    newer = CallEnded.model_validate_json(call_ended().model_dump_json()[:-1] + ',"mood":{"angry":true}}')
    ready = AudioReady.following(newer, **_audio_fields())
    assert ready.model_dump(mode="json")["mood"] == {"angry": True}
    said = CallTranscribed.following(ready, turns=(), language="tr", speech_model="m")
    assert said.model_dump(mode="json")["mood"] == {"angry": True}


def test_an_unknown_field_does_not_become_one_that_the_next_event_knows() -> None:
    newer = CallEnded.model_validate_json(call_ended().model_dump_json()[:-1] + ',"figures":"something else"}')
    assert AudioReady.following(newer, **_audio_fields()).figures == FIGURES


def _audio_fields() -> dict[str, object]:
    ready = audio_ready()
    return {name: getattr(ready, name) for name in ("audio", "recording_facts", "speech", "figures")}


def test_given_fields_win_over_carried_ones() -> None:
    said = CallTranscribed.following(
        audio_ready(), turns=(), language="tr", speech_model="m", queue="other", figures=FIGURES
    )
    assert said.queue == "other"


def test_the_following_event_has_an_identifier_of_its_own_and_always_the_same() -> None:
    first, again = call_transcribed(), call_transcribed()
    assert first.event_id == again.event_id
    assert len({call_ended().event_id, audio_ready().event_id, first.event_id, call_classified().event_id}) == 4


def test_the_following_event_has_this_versions_number() -> None:
    newer = audio_ready().model_copy(update={"schema_version": "1.9"})
    assert CallTranscribed.following(newer, turns=(), language="tr", speech_model="m").schema_version == "1.1"


def test_a_stamp_adds_one_hop_with_its_seconds() -> None:
    stamped = call_ended().stamped(hop("audio", 40))
    assert [passage.stage for passage in stamped.hops] == ["pbx", "audio"]
    assert stamped.hops[-1].seconds == 0.5


def test_the_stamp_of_an_outcome_adds_the_stages_seconds() -> None:
    call = call_classified()
    outcome = CallOutcome.following(
        call, state="done", outcome_id="1", category="uncertain", decided_at=ENDED_AT, stage_seconds={"audio": 2.0}
    )
    assert outcome.stamped(hop("sink", 41)).stage_seconds == {"audio": 2.0, "sink": 0.5}


FAILURE = Failure(stage="audio", error_type="E", message="m", cure="c")


@pytest.mark.parametrize(
    ("state", "category", "failure"),
    [
        ("done", None, None),
        ("done", "uncertain", FAILURE),
        ("failed", None, None),
        ("failed", "uncertain", FAILURE),
        ("failed", "uncertain", None),
        ("lost", "uncertain", None),
    ],
)
def test_an_outcome_whose_state_and_content_disagree_cannot_be_made(
    state: str, category: str | None, failure: Failure | None
) -> None:
    with pytest.raises(ValueError, match="state"):
        CallOutcome.following(
            call_classified(), state=state, outcome_id="1", category=category, decided_at=ENDED_AT, failure=failure
        )
