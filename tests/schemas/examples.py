"""One full example of every event: every field set, nothing left at its default."""

from datetime import UTC, datetime, timedelta, timezone

from schemas import (
    AnsweredQuestion,
    AudioReady,
    CallAnnotated,
    CallClassified,
    CallEnded,
    CallOutcome,
    CallTranscribed,
    CallUnrecorded,
    ChannelFacts,
    ClaimCheck,
    DeadLetter,
    DecidingLabel,
    Decision,
    Drawn,
    Event,
    Evidence,
    Failure,
    Hop,
    Insights,
    Label,
    LeafName,
    MachineAnswer,
    OneFile,
    RecordingFacts,
    Sentiment,
    Speaker,
    SpeakerFigures,
    SpeechFigures,
    SpeechSegment,
    Spoken,
    Turn,
    Usage,
    Versions,
    Word,
)

ENDED_AT = datetime(2026, 10, 5, 14, 3, 27, 120000, tzinfo=timezone(timedelta(hours=3)))
FACTS = RecordingFacts(
    duration_s=41.25,
    codec="pcm_mulaw",
    sample_rate_hz=8000,
    damaged=True,
    lost_s=1.5,
    channel_layout="stereo",
    channels={
        Speaker.CUSTOMER: ChannelFacts(
            loudness_lufs=-23.5, peak_dbfs=-3.25, clipped_ratio=0.0004, dc_offset=0.002, dead=False, bleed_s=1.25
        ),
        Speaker.AGENT: ChannelFacts(dead=True),
    },
)
FIGURES = SpeechFigures(
    speakers={
        Speaker.CUSTOMER: SpeakerFigures(
            talk_s=12.5,
            talk_ratio=0.303,
            segments=5,
            interruptions=1,
            response_gap_median_s=0.75,
            response_gap_p90_s=1.5,
            turns=4,
            words=25,
            words_per_minute=120.0,
        ),
        Speaker.AGENT: SpeakerFigures(talk_s=18.25, talk_ratio=0.4424, segments=6),
    },
    silence_s=11.0,
    longest_silence_s=2.5,
    overlap_s=0.5,
    overlaps=2,
)


def hop(stage: str, second: int) -> Hop:
    """One passage of half a second."""
    taken_at = datetime(2026, 10, 5, 11, 3, second, tzinfo=UTC)
    return Hop(stage=stage, taken_at=taken_at, finished_at=taken_at + timedelta(milliseconds=500), attempts=2)


def turn(speaker: Speaker, text: str, start_s: float = 0.0) -> Turn:
    """A turn of half a second a word."""
    words = tuple(
        Word(text=word, start_s=start_s + position / 2, end_s=start_s + position / 2 + 0.4, confidence=0.9)
        for position, word in enumerate(text.split())
    )
    end_s = words[-1].end_s if words else start_s
    return Turn(speaker=speaker, start_s=start_s, end_s=end_s, text=text, confidence=0.9, words=words)


def call_ended() -> CallEnded:
    """A call as a PBX reports it."""
    return CallEnded(
        call_id="pbx7-1759662207.4411",
        ended_at=ENDED_AT,
        started_at=ENDED_AT - timedelta(seconds=41),
        direction="inbound",
        caller="+905550000012",
        agent_id="elif",
        queue="white-goods",
        disposition="answered",
        menu_s=4.5,
        queue_s=12.25,
        ringing_s=3.0,
        hold_s=7.5,
        metadata={"campaign": "autumn", "attempt": 2, "tags": ["vip", None], "nested": {"ok": True}},
        recording=OneFile(uri="s3://recordings/2026/10/05/4411.wav", channels={Speaker.CUSTOMER: 1, Speaker.AGENT: 0}),
        language="tr",
        hops=(hop("pbx", 28),),
    )


def audio_ready() -> AudioReady:
    """The same call, prepared."""
    return AudioReady.following(
        call_ended(),
        audio=ClaimCheck(uri="file:///audio/4411.flac", size_bytes=402_112, sha256="0123456789abcdef" * 4),
        recording_facts=FACTS,
        speech={
            Speaker.CUSTOMER: (SpeechSegment(start_s=2.0, end_s=5.5), SpeechSegment(start_s=7.25, end_s=9.0)),
            Speaker.AGENT: (SpeechSegment(start_s=0.25, end_s=1.75),),
        },
        figures=FIGURES,
    ).stamped(hop("audio", 29))


def call_transcribed(*turns: Turn) -> CallTranscribed:
    """The same call, with the given turns or two of its own."""
    said = turns or (
        turn(Speaker.AGENT, "servis hattı buyurun", 0.25),
        turn(Speaker.CUSTOMER, "çamaşır makinem su akıtıyor", 2.0),
    )
    return CallTranscribed.following(
        audio_ready(),
        turns=said,
        turns_withheld=1,
        transcript_confidence=0.9 if said else None,
        language="tr",
        speech_model="vosk-tr@a1b2c3d4e5f6",
    ).stamped(hop("transcribe", 31))


def large(event: Spoken) -> Spoken:
    """The same event as it travels where its turns are too many for a message."""
    claim = ClaimCheck(uri="s3://bucket/callsift/turns/4411.json", size_bytes=310_112, sha256="fedcba9876543210" * 4)
    return event.model_copy(update={"turns": (), "turns_claim": claim})


def call_classified() -> CallClassified:
    """The same call, classified."""
    return CallClassified.following(
        call_transcribed(),
        classification_id="00112233445566778899aabbccddeeff",
        classifier="gemini",
        decision=Decision(
            category="unnecessary_call",
            sub_category="price_research",
            confidence=0.83,
            justification="Müşteri yalnızca fiyat soruyor.",
            evidence=(
                Evidence(turn=1, speaker=Speaker.CUSTOMER, start_s=2.0, end_s=3.9, quote="sadece fiyat öğrenecektim"),
            ),
            summary="Fiyat soruldu.",
            best_guess="others",
            stated_confidence=0.9,
            agreement=1.0,
        ),
        provisional=True,
        sentiment=Sentiment(start="neutral", end="negative"),
        insights=Insights(
            service="çamaşır makinesi",
            brand="Arçelik",
            fault="su akıtıyor",
            place="Kadıköy",
            urgency="soon",
            price_quoted=450.0,
            price_currency="TRY",
            callback_at=ENDED_AT + timedelta(hours=2),
            appointment_agreed=False,
        ),
        answers={
            "reached_by": AnsweredQuestion(
                kind="number",
                value=3.0,
                unit="calls",
                evidence=(Evidence(turn=1, speaker=Speaker.CUSTOMER, start_s=2.0, end_s=3.9, quote="üçüncü arayışım"),),
            ),
            "owner": AnsweredQuestion(kind="yes_no"),
        },
        usage=Usage(requests=1, prompt_tokens=2400, answer_tokens=180, cost=0.00087, currency="USD"),
        versions=Versions(
            taxonomy="1.1",
            prompt="c0ffee",
            model="gemini-3.5-flash-lite",
            speech_model="vosk-tr@a1b2c3d4e5f6",
            policy="0123456789ab",
        ),
    ).stamped(hop("classify", 33))


def call_outcome() -> CallOutcome:
    """The same call, done."""
    call = call_classified()
    return CallOutcome.following(
        call,
        state="done",
        outcome_id=call.classification_id,
        revision=2,
        category=call.decision.category,
        sub_category=call.decision.sub_category,
        confidence=call.decision.confidence,
        best_guess=call.decision.best_guess,
        justification=call.decision.justification,
        evidence=call.decision.evidence,
        summary=call.decision.summary,
        stage_seconds={"audio": 0.5, "transcribe": 0.5, "classify": 0.5},
        decided_at=datetime(2026, 10, 5, 11, 3, 34, tzinfo=UTC),
    ).stamped(hop("sink", 34))


def call_failed() -> CallOutcome:
    """The same call, failed."""
    return CallOutcome.following(
        call_ended(),
        state="failed",
        outcome_id="6a1f3a0e-6f0e-5d3e-9d2a-0d5c7f2b9e11",
        decided_at=datetime(2026, 10, 5, 11, 3, 34, tzinfo=UTC),
        failure=Failure(
            stage="audio",
            error_type="UndecodableRecording",
            message="the recording is empty (0 bytes)",
            cure="Check the recording at its source",
        ),
    )


def call_unheard() -> CallEnded:
    """A call that nobody answered, as a PBX reports it."""
    return call_ended().model_copy(update={"recording": None, "disposition": "abandoned", "agent_id": None})


def call_unrecorded() -> CallUnrecorded:
    """The same call, passed on by the audio stage."""
    return CallUnrecorded.following(call_ended()).stamped(hop("audio", 29))


def call_lost() -> CallOutcome:
    """The outcome of a call that nobody answered."""
    call = CallUnrecorded.following(call_unheard()).stamped(hop("audio", 29))
    return CallOutcome.following(
        call,
        state="unrecorded",
        outcome_id=call.event_id,
        stage_seconds={"audio": 0.5},
        decided_at=datetime(2026, 10, 5, 11, 3, 30, tzinfo=UTC),
    ).stamped(hop("sink", 30))


def call_annotated() -> CallAnnotated:
    """A label of the same call."""
    return CallAnnotated(
        event_id="0f8fad5bd9cb469fa16570867728950e",
        trace_id=call_ended().trace_id,
        hops=(hop("api", 50),),
        call_id=call_ended().call_id,
        who="ann",
        at=datetime(2026, 10, 6, 8, 0, tzinfo=UTC),
        label=Label(
            revision_seen=2,
            decides=True,
            taxonomy_version="1.0",
            drawn=Drawn(by="stratum", p=0.02, stratum="uncertain", frame="2026-10-01/2026-10-31", seed=7),
            blind=True,
            first=LeafName(category="unnecessary_call", sub_category="price_research"),
            final=LeafName(category="unnecessary_call", sub_category="complaint"),
            cause="misread",
            note="Asks for the price last, complains first.",
            seconds=41.5,
        ),
    )


def call_told() -> CallAnnotated:
    """Facts about the same call."""
    said = {"job_booked": True, "value": 1450.0, "currency": "TRY", "technician": "T7", "visit": None}
    return call_annotated().model_copy(update={"label": None, "facts": said})


def call_labelled() -> CallOutcome:
    """The same call, done, once a person has said what it was, and what became of it."""
    outcome, at = call_outcome(), call_annotated().at
    return outcome.model_copy(
        update={
            "source": "human",
            "sub_category": "complaint",
            "label": DecidingLabel(label_id=call_annotated().event_id, at=at),
            "machine": MachineAnswer(**{name: getattr(outcome, name) for name in MachineAnswer.model_fields}),
            "confidence": None,
            "best_guess": None,
            "justification": None,
            "evidence": (),
            "facts": {"job_booked": True},
            "facts_at": {"job_booked": at},
        }
    )


def dead_letter() -> DeadLetter:
    """The same call, given up by the audio stage."""
    call = call_ended()
    return DeadLetter(
        event_id="6a1f3a0e-6f0e-5d3e-9d2a-0d5c7f2b9e11",
        trace_id=call.trace_id,
        hops=call.hops,
        call_id=call.call_id,
        stage="audio",
        error_type="UndecodableRecording",
        permanent=True,
        message="the recording is empty (0 bytes)",
        cure="Check the recording at its source",
        attempts=1,
        first_tried_at=datetime(2026, 10, 5, 11, 3, 29, tzinfo=UTC),
        gave_up_at=datetime(2026, 10, 5, 11, 3, 30, tzinfo=UTC),
        topic="calls.ended",
        partition=3,
        offset=77,
        key=call.call_id.encode(),
        value=call.model_dump_json().encode(),
        headers=(("traceparent", b"00-\xff\x00"),),
    )


def examples() -> list[Event]:
    """One example of every event."""
    of_a_call = [call_ended(), audio_ready(), call_transcribed(), call_classified(), call_outcome(), call_annotated()]
    return [*of_a_call, call_unrecorded(), dead_letter()]
