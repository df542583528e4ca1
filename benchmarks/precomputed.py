"""Stages whose work is done already: what a stage costs without it is the conveyor."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from callsift.stages import make_agent
from schemas import (
    AudioReady,
    CallClassified,
    CallEnded,
    CallTranscribed,
    ChannelFacts,
    ClaimCheck,
    Decision,
    Event,
    Evidence,
    Hop,
    OneFile,
    RecordingFacts,
    Speaker,
    SpeakerFigures,
    SpeechFigures,
    SpeechSegment,
    Turn,
    Versions,
    Word,
)
from streams.payloads import ClaimCheckStore
from streams.processing import Agent

_WORDS_PER_TURN = 12
_TURNS = 10
_ENDED_AT = datetime(2026, 10, 5, 11, 3, 27, tzinfo=UTC)
SPEECH_STAGES = ("audio", "transcribe")
STAGES = (*SPEECH_STAGES, "classify")
"""The stages that have empty work here."""


class PrecomputedAudio(Agent[CallEnded]):
    """The same prepared audio for every call."""

    async def work(self, call: CallEnded) -> AudioReady:
        """Make the event, and nothing else."""
        same = _AUDIO
        return AudioReady.following(
            call, audio=same.audio, recording_facts=same.recording_facts, speech=same.speech, figures=same.figures
        )


class PrecomputedTranscript(Agent[AudioReady]):
    """The same transcript for every call."""

    async def work(self, call: AudioReady) -> CallTranscribed:
        """Make the event, and nothing else."""
        same = TRANSCRIBED
        return CallTranscribed.following(call, turns=same.turns, language=same.language, speech_model=same.speech_model)


class PrecomputedDecision(Agent[CallTranscribed]):
    """The same decision for every call."""

    async def work(self, call: CallTranscribed) -> CallClassified:
        """Make the event, and nothing else."""
        same = _CLASSIFIED
        return CallClassified.following(
            call,
            classification_id=same.classification_id,
            classifier=same.classifier,
            decision=same.decision,
            versions=same.versions,
        )


def make(stage: str, _store: ClaimCheckStore) -> Agent[Any]:
    """Make a stage's agent with empty work.

    Raises:
        KeyError: The stage has none here: the sink without its store is no sink.
    """
    makers: dict[str, Callable[[], Agent[Any]]] = {
        "audio": PrecomputedAudio,
        "transcribe": PrecomputedTranscript,
        "classify": PrecomputedDecision,
    }
    return makers[stage]()


def make_for_whole_calls(stage: str, store: ClaimCheckStore) -> Agent[Any]:
    """Make a stage's agent; only audio and transcribe are not the real ones."""
    return make(stage, store) if stage in SPEECH_STAGES else make_agent(stage, store)


def taken_by(stage: str, call_id: str) -> Event:
    """Return an event as the stage takes it: a call of half a minute, with 120 words once it is transcribed."""
    taken: dict[str, Event] = {"audio": _ENDED, "transcribe": _AUDIO, "classify": TRANSCRIBED}
    return taken[stage].model_copy(update={"call_id": call_id})


def _passed(stage: str, second: int) -> Hop:
    taken_at = _ENDED_AT + timedelta(seconds=second)
    return Hop(stage=stage, taken_at=taken_at, finished_at=taken_at + timedelta(milliseconds=500))


def _turns() -> tuple[Turn, ...]:
    texts = " ".join(("çamaşır makinem", "su akıtıyor", "servis hattı") * (_WORDS_PER_TURN // 6))
    return tuple(
        _turn((Speaker.AGENT, Speaker.CUSTOMER)[number % 2], texts.split(), number * 3.0) for number in range(_TURNS)
    )


def _turn(speaker: Speaker, texts: list[str], start_s: float) -> Turn:
    words = tuple(
        Word(text=text, start_s=start_s + number / 4, end_s=start_s + number / 4 + 0.2, confidence=0.9)
        for number, text in enumerate(texts)
    )
    return Turn(
        speaker=speaker, start_s=start_s, end_s=words[-1].end_s, text=" ".join(texts), confidence=0.9, words=words
    )


_ENDED = CallEnded(
    call_id="pbx7-1759662207.4411",
    ended_at=_ENDED_AT,
    started_at=_ENDED_AT - timedelta(seconds=41),
    direction="inbound",
    caller="+905550000012",
    agent_id="elif",
    queue="white-goods",
    metadata={"campaign": "autumn", "attempt": 2, "tags": ["vip"]},
    recording=OneFile(uri="s3://recordings/2026/10/05/4411.wav", channels={Speaker.CUSTOMER: 1, Speaker.AGENT: 0}),
    language="tr",
    hops=(_passed("pbx", 0),),
)
_AUDIO = AudioReady.following(
    _ENDED,
    audio=ClaimCheck(uri="file:///audio/4411.flac", size_bytes=402_112, sha256="0123456789abcdef" * 4),
    recording_facts=RecordingFacts(
        duration_s=41.25,
        codec="pcm_mulaw",
        sample_rate_hz=8000,
        channel_layout="stereo",
        channels={
            speaker: ChannelFacts(loudness_lufs=-23.5, peak_dbfs=-3.25, clipped_ratio=0.0004, dc_offset=0.002)
            for speaker in (Speaker.CUSTOMER, Speaker.AGENT)
        },
    ),
    speech={
        Speaker.CUSTOMER: (SpeechSegment(start_s=2.0, end_s=5.5), SpeechSegment(start_s=7.25, end_s=9.0)),
        Speaker.AGENT: (SpeechSegment(start_s=0.25, end_s=1.75),),
    },
    figures=SpeechFigures(
        speakers={
            Speaker.CUSTOMER: SpeakerFigures(talk_s=12.5, talk_ratio=0.303, segments=5, interruptions=1),
            Speaker.AGENT: SpeakerFigures(talk_s=18.25, talk_ratio=0.4424, segments=6),
        },
        silence_s=11.0,
        longest_silence_s=2.5,
        overlap_s=0.5,
        overlaps=2,
    ),
).stamped(_passed("audio", 2))
TRANSCRIBED = CallTranscribed.following(
    _AUDIO, turns=_turns(), transcript_confidence=0.9, language="tr", speech_model="vosk-tr@a1b2c3d4e5f6"
).stamped(_passed("transcribe", 4))
"""A call of half a minute with 120 words."""
_CLASSIFIED = CallClassified.following(
    TRANSCRIBED,
    classification_id="00112233445566778899aabbccddeeff",
    classifier="gemini",
    decision=Decision(
        category="unnecessary_call",
        sub_category="price_research",
        confidence=0.83,
        justification="Müşteri yalnızca fiyat soruyor.",
        evidence=(Evidence(turn=1, speaker=Speaker.CUSTOMER, start_s=2.0, end_s=3.9, quote="fiyat öğrenecektim"),),
        summary="Fiyat soruldu.",
    ),
    versions=Versions(taxonomy="1.0", prompt="c0ffee", model="gemini-3.5-flash-lite", speech_model="vosk-tr@a1b2c3"),
).stamped(_passed("classify", 6))
