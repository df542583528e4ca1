"""Calls as the store of a call centre has them, as many as are wanted: seeded, and made fast.

What was said are the offline classifier's labelled dialogues, some 1,000 of them, and in each call its own number.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.classify.labelled import LabelledDialogue
from agents.classify.offline.train import evaluation_dialogues, training_dialogues
from schemas import CallOutcome, Evidence, Insights, Speaker, SpeakerFigures, SpeechFigures, Turn, Word
from store import documents

LAST = datetime(2026, 11, 1, tzinfo=UTC)
"""Before this moment all calls ended."""
DAYS = 90
"""So many days lie between the first call and the last."""
QUEUES = tuple(f"queue-{number}" for number in range(1, 13))
AGENTS = tuple(f"agent-{number:02}" for number in range(1, 81))
_HOURS = (*[0.1] * 7, 1, 3, 6, 7, 7, 5, 5, 6, 6, 5, 4, 3, 2, 1, 0.5, 0.3, 0.1)
"""How many calls come in each hour of a day."""
_WEEKDAYS = (1.3, 1.2, 1.1, 1.0, 1.0, 0.6, 0.3)
_FAILED = 0.01
_PROVISIONAL = 0.02
_SECONDS_A_WORD = 0.5


@dataclass(frozen=True)
class _Spoken:
    """A dialogue, and what of a document it makes."""

    label: LabelledDialogue
    turns: tuple[Turn, ...]
    stored: dict[str, Any]


class CallCentre:
    """Makes the documents of calls."""

    def __init__(self, seed: int = 16, *, timed: bool = True) -> None:
        """The same seed makes the same calls; ``timed`` says whether each word has its times, most of a document."""
        self._chance = random.Random(seed)
        self._timed = timed
        dialogues = [*training_dialogues(), *evaluation_dialogues()]
        self._said = [self._spoken(dialogue) for dialogue in dialogues]

    def documents(self, count: int, at_once: int = 1000) -> Iterator[list[dict[str, Any]]]:
        """Yield documents as the sink writes them, some at once, the calls in no order of time."""
        for first in range(0, count, at_once):
            yield [self._document(number) for number in range(first, min(count, first + at_once))]

    def _document(self, number: int) -> dict[str, Any]:
        chance = self._chance
        ended_at = self._moment()
        of_the_call = {
            "call_id": f"pbx7-{number:08}",
            "outcome_id": f"{chance.getrandbits(128):032x}",
            "ended_at": ended_at,
            "decided_at": ended_at + timedelta(seconds=chance.uniform(20, 90)),
            "direction": "inbound" if chance.random() < 0.85 else "outbound",
            "caller": f"+90555{chance.randrange(10**7):07}",
            "queue": QUEUES[min(int(chance.expovariate(0.35)), len(QUEUES) - 1)],
            "agent_id": chance.choice(AGENTS),
            "metadata": {"campaign": chance.choice(("autumn", "spring")), "brand": f"brand-{chance.randint(1, 5)}"},
        }
        if chance.random() < _FAILED:
            failure = {"stage": "audio", "error_type": "UndecodableRecording", "message": "empty", "cure": "Look at it"}
            outcome = CallOutcome.model_validate(of_the_call | {"state": "failed", "failure": failure})
            return {"_id": outcome.call_id} | documents.of_outcome(outcome)
        said = chance.choice(self._said)
        outcome = CallOutcome.model_validate(of_the_call | self._decided(said, ended_at))
        own = self._turn(Speaker.CUSTOMER, f"kayıt numaram {number:08}", said.turns[-1].end_s + 1)
        words = dict(said.stored["words"])
        words["customer"] = sorted({f"{number:08}", "kayit", "numaram", *words.get("customer", ())})
        turns = [*said.stored["turns"], own.model_dump(mode="json")]
        return {"_id": outcome.call_id} | documents.of_outcome(outcome) | {"turns": turns, "words": words}

    def _decided(self, said: _Spoken, ended_at: datetime) -> dict[str, Any]:
        chance, label = self._chance, said.label
        length_s = max(said.turns[-1].end_s + 3, chance.lognormvariate(4.6, 0.6))
        shares = chance.uniform(0.15, 0.4), chance.uniform(0.15, 0.4)
        each = {
            who: SpeakerFigures(talk_s=length_s * share, talk_ratio=share, segments=12, turns=len(said.turns) // 2)
            for who, share in zip((Speaker.CUSTOMER, Speaker.AGENT), shares, strict=True)
        }
        quoted = chance.sample(range(len(said.turns)), min(2, len(said.turns)))
        return {
            "state": "done",
            "category": label.category,
            "sub_category": label.sub_category,
            "confidence": round(chance.betavariate(6, 1.5), 3),
            "justification": "Müşterinin söyledikleri bu sonucu gösteriyor; görüşmenin sonu da öyle.",
            "summary": "Müşteri bir arıza için aradı; konuşulanlar kısaca bunlar.",
            "evidence": [_quoted(position, said.turns[position]) for position in quoted],
            "classifier": "gemini",
            "provisional": chance.random() < _PROVISIONAL,
            "insights": Insights(
                service=chance.choice(("klima", "Çamaşır makinesi", "kombi", "buzdolabı", "televizyon")),
                brand=chance.choice(("Arçelik", "Bosch", "Vestel", "Beko", None)),
                urgency=chance.choice(("urgent", "soon", "flexible", None)),
                callback_at=ended_at + timedelta(hours=chance.randint(1, 72)) if chance.random() < 0.1 else None,
            ),
            "usage": {"requests": 1, "prompt_tokens": 2100, "answer_tokens": 160, "cost": 0.0009, "currency": "USD"},
            "figures": SpeechFigures(
                speakers=each, silence_s=length_s * (1 - sum(shares)), longest_silence_s=2.0, overlap_s=0.5
            ),
            "recording_facts": {
                "duration_s": length_s,
                "codec": "pcm_mulaw",
                "sample_rate_hz": 8000,
                "channel_layout": "stereo",
                "channels": {},
            },
            "language": "tr",
            "transcript_confidence": 0.87,
        }

    def _moment(self) -> datetime:
        """Return when a call ended: rather on a Monday morning than in a Sunday's night."""
        while True:
            day = LAST - timedelta(days=self._chance.randint(1, DAYS))
            if self._chance.random() * max(_WEEKDAYS) < _WEEKDAYS[day.weekday()]:
                [hour] = self._chance.choices(range(24), _HOURS)
                return day + timedelta(hours=hour, seconds=self._chance.uniform(0, 3600))

    def _spoken(self, label: LabelledDialogue) -> _Spoken:
        turns: list[Turn] = []
        for said in label.turns:
            turns.append(self._turn(said.speaker, said.text, turns[-1].end_s + 0.5 if turns else 1.0))
        return _Spoken(label, tuple(turns), documents.of_turns(turns))

    def _turn(self, speaker: Speaker, text: str, start_s: float) -> Turn:
        starts = [round(start_s + position * _SECONDS_A_WORD, 2) for position in range(len(text.split()))]
        words = tuple(
            Word(text=word, start_s=start, end_s=start + 0.4, confidence=0.9)
            for word, start in zip(text.split(), starts, strict=True)
        )
        own = words if self._timed else ()
        return Turn(speaker=speaker, start_s=start_s, end_s=starts[-1] + 0.4, text=text, confidence=0.9, words=own)


def _quoted(position: int, turn: Turn) -> Evidence:
    return Evidence(turn=position, speaker=turn.speaker, start_s=turn.start_s, end_s=turn.end_s, quote=turn.text)
