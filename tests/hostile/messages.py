"""The hostile messages, in kinds, and how each has to be accounted for. Everything follows from a seed."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import cycle
from typing import Any

from callsift.calls import call_ended
from callsift.event_mistakes import ODD, WRONG
from schemas import CallEvent, OneFile
from streams.message import ORIGIN
from streams.topics import AUDIO, CLASSIFIED, DEAD_LETTER, ENDED, RETRIES, TRANSCRIPTS, Topic
from tests.schemas.examples import audio_ready, call_classified, call_transcribed, dead_letter

_BEYOND_64_BITS = 2**65
PRECOMPUTED = "file:///precomputed.wav"
"""What names no recording of its own."""
FOLDER = "recordings://"
"""Stands for the address of the folder where the recordings lie."""
_LARGE = 1_500_000
"""Bytes of metadata: more than most topics take."""
_SOMEWHERE = b"https://pbx.example/1.wav"
_TOO_MANY_DIGITS = b"9" * 4300
_LONG_AGO_MS = 1


class Account(StrEnum):
    """How a message has to end, besides that its reader is past it."""

    DONE = "its call is done"
    SAID = "its call has an outcome, done or failed"
    BURIED = "a dead letter names its position"
    AT_ONCE = "a dead letter names its position, after one try"
    PASSED = "its reader is past it"
    UNSEEN = "nothing knows its call"
    CORRECTED = "its call's newest outcome has the corrected queue"


@dataclass(frozen=True)
class Hostile:
    """One hostile message."""

    kind: str
    account: Account
    topic: Topic
    call_id: str
    """The call that it is about; no other message is."""
    value: bytes | None
    key: bytes | None
    headers: tuple[tuple[bytes, bytes | None], ...] = ()
    timestamp_ms: int | None = None
    """None: the producer's clock."""
    aborted: bool = False
    """Whether it belongs to a transaction that is aborted."""
    after: "Hostile | None" = None
    """What has to be sent, and done, before."""


Kind = Callable[[str, random.Random], Hostile]


def hostile(seed: int, number: int) -> Iterator[Hostile]:
    """Yield ``number`` messages, of each kind as many as of every other."""
    chance = random.Random(seed)
    for position, (kind, make) in zip(range(number), cycle(KINDS.items()), strict=False):
        message = make(f"hostile-{position:05}", chance)
        first = message.after and replace(message.after, kind=f"before {kind}")
        yield replace(message, kind=kind, after=first)


def good(call_id: str, **facts: Any) -> dict[str, Any]:
    """Return a call-ended event that nothing is wrong with, as JSON."""
    return call_ended(call_id, OneFile(uri=PRECOMPUTED), **facts).model_dump(mode="json")


def _ended(account: Account, call_id: str, value: Any, **more: Any) -> Hostile:
    encoded = value if isinstance(value, bytes | None) else json.dumps(value).encode()
    return Hostile("", account, ENDED, call_id, encoded, **({"key": call_id.encode()} | more))


def _mistake(group: str) -> Kind:
    """Return the kind that sends what docs/dead-letters.md says of a group of mistakes."""

    def make(call_id: str, chance: random.Random) -> Hostile:
        value = chance.choice(WRONG[group]).value
        return _ended(Account.AT_ONCE, call_id, value and value.replace(b"call-1", call_id.encode()))

    return make


def _odd(call_id: str, chance: random.Random) -> Hostile:
    odd = chance.choice([one for one in ODD if one.path != "call_id"])  # those have a call_id of their own
    value = odd.value.replace(b"call-1", call_id.encode())
    return _ended(Account.DONE, call_id, value.replace(_SOMEWHERE, PRECOMPUTED.encode()))


def _recording(account: Account, name: str, **changes: Any) -> Kind:
    """Return the kind that names a recording of its own."""

    def make(call_id: str, _: random.Random) -> Hostile:
        return _ended(account, call_id, good(call_id) | {"recording": {"uri": f"{FOLDER}/{name}"} | changes})

    return make


def _event(topic: Topic, example: CallEvent, account: Account, call_id: str, **changes: Any) -> Hostile:
    event = example.model_dump(mode="json") | {"call_id": call_id, "event_id": f"event-{call_id}", "hops": []} | changes
    if "classification_id" in event:
        event["classification_id"] = f"classification-{call_id}"
    return Hostile("", account, topic, call_id, json.dumps(event).encode(), call_id.encode())


def _hop(**changes: Any) -> dict[str, Any]:
    """Return a hop that ended three seconds before it began."""
    hop = {"stage": "audio", "taken_at": "2026-10-05T11:03:10Z", "finished_at": "2026-10-05T11:03:07Z", "attempts": 1}
    return hop | changes


def _letter(call_id: str, **changes: Any) -> Hostile:
    own = {"call_id": call_id, "event_id": f"letter-{call_id}", "value": json.dumps(good(call_id)).encode()}
    letter = dead_letter().model_copy(update=own).model_dump(mode="json") | changes
    return Hostile("", Account.SAID, DEAD_LETTER, call_id, json.dumps(letter).encode(), call_id.encode())


def _corrected(call_id: str, chance: random.Random) -> Hostile:
    first = good(call_id, queue="wrong")
    before = _ended(Account.DONE, call_id, first)
    return replace(_ended(Account.CORRECTED, call_id, first | {"queue": "right"}), after=before)


def _garbage(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(1, 200))


def _of_every_stage(kind: Callable[[Topic, CallEvent, str], Hostile]) -> Kind:
    stages: dict[Topic, CallEvent] = {
        AUDIO: audio_ready(),
        TRANSCRIPTS: call_transcribed(),
        CLASSIFIED: call_classified(),
    }

    def make(call_id: str, chance: random.Random) -> Hostile:
        topic = chance.choice(list(stages))
        return kind(topic, stages[topic], call_id)

    return make


def _retry(account: Account, call_id: str, value: bytes, origin: bytes | None) -> Hostile:
    headers = () if origin is None else ((ORIGIN.encode(), origin),)
    return Hostile("", account, RETRIES[0], call_id, value, call_id.encode(), headers)


KINDS: dict[str, Kind] = {
    # what is no event
    "bytes": lambda call, chance: _ended(Account.BURIED, call, _garbage(chance), key=_garbage(chance)),
    "bytes on a stage's topic": lambda call, chance: Hostile(
        "", Account.BURIED, chance.choice((AUDIO, TRANSCRIPTS, CLASSIFIED)), call, _garbage(chance), call.encode()
    ),
    "nothing": lambda call, _: _ended(Account.BURIED, call, None),
    "a wrong type": lambda call, _: _ended(Account.SAID, call, good(call) | {"recording": 7}),
    "another major version": lambda call, _: _ended(Account.SAID, call, good(call) | {"schema_version": "2.0"}),
    # every mistake of docs/dead-letters.md
    "a mistake: no event": _mistake("No event"),
    "a mistake in the call": _mistake("The call"),
    "a mistake in the recording": _mistake("The recording"),
    "a mistake in an address": _mistake("The recording's address, with the settings as they are by default"),
    "odd, and taken": _odd,
    # recordings
    "a WAV behind a WAV": _recording(Account.DONE, "one-after-another.wav"),
    "µ-law without a header": _recording(Account.DONE, "call.ulaw"),
    "a stream per leg": _recording(Account.DONE, "legs.mkv"),
    "a quiet call": _recording(Account.DONE, "quiet.wav"),
    "a WAV of 1 Hz": _recording(Account.AT_ONCE, "1-hz.wav"),
    "a list of other files": _recording(Account.AT_ONCE, "list.wav"),
    "8 channels, and nobody says who": _recording(Account.AT_ONCE, "8-channels.flac"),
    "a channel that is not there": _recording(Account.AT_ONCE, "quiet.wav", channels={"customer": 0, "agent": 7}),
    # what no store and no broker takes
    "metadata of 1.5 MB": lambda call, _: _ended(Account.SAID, call, good(call) | {"metadata": {"a": "b" * _LARGE}}),
    "an unknown field of 1.5 MB": lambda call, _: _ended(Account.SAID, call, good(call) | {"new": "b" * _LARGE}),
    # what no store takes, and is kept in another form
    "a number of 65 bits": lambda call, _: _ended(
        Account.DONE, call, good(call) | {"metadata": {"a": _BEYOND_64_BITS}}
    ),
    "NUL in a key": lambda call, _: _ended(Account.DONE, call, good(call) | {"metadata": {"a\0b": 1}}),
    "milliseconds since 1970": lambda call, _: _ended(Account.DONE, call, good(call) | {"ended_at": 1764300000000}),
    # clocks
    "a timestamp of 1970": lambda call, _: _ended(Account.DONE, call, good(call), timestamp_ms=_LONG_AGO_MS),
    "a call that ends before it starts": lambda call, _: _ended(
        Account.DONE, call, good(call) | {"started_at": "2999-01-01T00:00:00Z"}
    ),
    "a hop that ends before it begins": _of_every_stage(
        lambda topic, example, call: _event(topic, example, Account.DONE, call, hops=[_hop()])
    ),
    # hops that cannot be kept
    "a hop with a number of 65 bits": _of_every_stage(
        lambda topic, example, call: _event(topic, example, Account.DONE, call, hops=[_hop(new=_BEYOND_64_BITS)])
    ),
    # headers and keys
    "a header's name that is not UTF-8": lambda call, _: _ended(
        Account.DONE, call, good(call), headers=((b"\xff\xfe", b"1"), (b"", None))
    ),
    "4,300 digits of tries": lambda call, _: _ended(
        Account.DONE,
        call,
        good(call),
        headers=((b"callsift-tries", _TOO_MANY_DIGITS), (b"callsift-retries", _TOO_MANY_DIGITS)),
    ),
    "another key": lambda call, chance: _ended(Account.DONE, call, good(call), key=_garbage(chance)),
    "no key": lambda call, _: _ended(Account.DONE, call, good(call), key=None),
    # producers
    "an aborted transaction": lambda call, _: _ended(Account.UNSEEN, call, good(call), aborted=True),
    "a correction": _corrected,
    # dead letters
    "a dead letter whose hop ends before it begins": lambda call, _: _letter(call, hops=[_hop()]),
    "a dead letter with a number of 65 bits": lambda call, _: _letter(call, hops=[_hop(new=_BEYOND_64_BITS)]),
    "a dead letter with NUL in a key": lambda call, _: _letter(call, hops=[_hop(**{"a\0b": 1})]),
    "an unreadable dead letter": lambda call, chance: Hostile(
        "", Account.PASSED, DEAD_LETTER, call, _garbage(chance), call.encode()
    ),
    # the retry topics
    "a retry without an origin": lambda call, chance: _retry(Account.PASSED, call, _garbage(chance), None),
    "a retry from nowhere": lambda call, chance: _retry(Account.PASSED, call, _garbage(chance), b"\xff\xfe"),
    "bytes that are tried again": lambda call, chance: _retry(
        Account.SAID, call, _garbage(chance), ENDED.name.encode()
    ),
}
