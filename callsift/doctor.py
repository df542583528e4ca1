"""Looks at everything that a pipeline needs, one thing after the other, and says what is wrong and what mends it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from callsift.commands.extras import needs
from callsift.demo_files import DEMO_MODEL
from schemas import Taxonomy
from schemas.taxonomy_file import InvalidTaxonomy
from streams.errors import CallsiftError
from streams.kafka import KafkaUnavailable
from streams.settings import AudioStoreSettings, KafkaSettings
from streams.topics import ENDED, STAGES

State = Literal["ok", "attention", "failed"]
_CLOCK_LIMIT_S = 5.0


@dataclass(frozen=True)
class Finding:
    """What was found of one thing."""

    of: str
    """The thing: Kafka, MongoDB …"""
    state: State
    """``failed``: calls get no outcome, or not the right one. ``attention``: they do, but somebody should know."""
    found: str
    """What was found."""
    cure: str = ""
    """What mends it; empty if nothing is to be mended."""


def looked_at(*, ask: bool) -> Iterator[Finding]:
    """Look at one thing after the other, and yield what was found; ``ask`` sends one request to a hosted model."""
    checks: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("Kafka", _kafka),
        ("workers", _workers),
        ("calls", _source),
        ("MongoDB", lambda: asyncio.run(_mongo())),
        ("audio store", _audio_store),
        ("speech model", _speech_models),
        ("classifier", lambda: asyncio.run(classifier(ask=ask))),
    )
    away: KafkaUnavailable | None = None
    for of, check in checks:
        try:
            if away is not None and check in (_workers, _source):
                raise away  # known by now: each would wait for the brokers once more
            yield from check()
        except CallsiftError as error:
            away = error if isinstance(error, KafkaUnavailable) else away
            yield Finding(of, "failed", error.message, error.cure)
        except InvalidTaxonomy as error:
            yield Finding("taxonomy", "failed", str(error), "Correct it, and look with: callsift taxonomy check")


def _kafka() -> Iterator[Finding]:
    from streams.kafka import partitions

    found = partitions(KafkaSettings.read())
    if missing := [topic for topic, count in found.items() if not count]:
        yield Finding("Kafka", "failed", f"topics are missing: {', '.join(missing)}", "Run `callsift topics create`")
    else:
        yield Finding("Kafka", "ok", f"answers, and has all {len(found)} topics")


def _workers() -> Iterator[Finding]:
    from streams.kafka import notices
    from streams.monitor import Observer

    kafka = KafkaSettings.read()
    brakes = {name: notice.reason for name, notice in notices(kafka).items() if notice.applied}
    for group in Observer(kafka).look().groups:
        if reason := brakes.get(group.name):
            cure = f"Mend the cause, then `callsift brake release {group.name}`"
            yield Finding(group.name, "failed", f"its brake is applied: {reason}; {group.lag} wait", cure)
        elif group.members == 0 and group.name in STAGES:
            cure = f"Start `callsift worker {group.name}`, or look why it ended"
            yield Finding(group.name, "failed", f"nobody works on it; {group.lag} wait", cure)
        elif group.members is not None:
            yield Finding(group.name, "ok", f"{group.members} at work, {group.lag} wait")


def _source() -> Iterator[Finding]:
    from streams.kafka import Range, read, topic_ranges
    from streams.monitor import published_at

    kafka = KafkaSettings.read()
    last = {
        partition: Range(max(part.start, part.end - 1), part.end)
        for partition, part in topic_ranges(kafka, ENDED.name).items()
    }
    moments = [moment for message in read(kafka, last) if (moment := published_at(message)) is not None]
    if moments:
        yield Finding("calls", "ok", f"the last call-ended event came at {max(moments):%Y-%m-%d %H:%M:%SZ}")
    else:
        cure = "Let the PBX send events (docs/sources.md), or try one with `callsift emit RECORDING --wait`"
        yield Finding("calls", "attention", f"no call-ended event is on {kafka.prefix + ENDED.name}", cure)


async def _mongo() -> list[Finding]:
    with needs("sink"):
        from store.calls import OutcomeStore
        from store.database import Database
        from store.settings import StoreSettings
    database = Database(StoreSettings.read())
    try:
        missing = await OutcomeStore(database).missing_indexes()
        told = await database.clock()
    finally:
        database.close()
    if missing:
        found = [
            Finding("MongoDB", "attention", f"answers, without {len(missing)} indexes", "Run `callsift store indexes`")
        ]
    else:
        found = [Finding("MongoDB", "ok", "answers, and has all indexes")]
    if told is not None:
        apart_s = abs((datetime.now(UTC) - told).total_seconds())
        state: State = "ok" if apart_s <= _CLOCK_LIMIT_S else "attention"
        cure = "" if state == "ok" else "Set both by NTP: times of calls and limits of age are wrong otherwise"
        found.append(Finding("clock", state, f"{apart_s:.1f} s from MongoDB's", cure))
    return found


def _audio_store() -> Iterator[Finding]:
    from streams.payloads import RECORDINGS, ClaimCheckStore

    store, content = ClaimCheckStore(AudioStoreSettings.read().uri), b"callsift doctor"
    name = RECORDINGS.file(2 * uuid4().hex, ".doctor")
    store.put(name, content)
    try:
        same = store.find(name) == content
    finally:
        store.remove(name)
    if not same:
        raise CallsiftError("what is put into the audio store is not found there", "Name one store for all workers")
    yield Finding("audio store", "ok", "takes, gives back and removes a file")


def _speech_models() -> Iterator[Finding]:
    from agents.transcribe.settings import TranscribeSettings

    with needs("transcribe"):
        from agents.transcribe.hosted.settings import read_engines
        from agents.transcribe.models import SpeechModels

    settings = TranscribeSettings.read()
    engines = read_engines(settings.engines_file)
    if engines.needs_vosk:
        for model in SpeechModels(settings).all:
            yield _speech_model(model.folder)
    if engines.engines:
        cure = "Try a call that a route sends there: `callsift emit RECORDING --wait`"
        yield Finding("recognisers", "attention", f"{', '.join(engines.engines)}: set up, and not asked", cure)


def _speech_model(folder: Path) -> Finding:
    from agents.transcribe.model_files import check_model

    facts = check_model(folder)
    if folder.resolve() == DEMO_MODEL.resolve():
        cure = "Fetch a real one for real calls: `callsift model fetch`"
        return Finding("speech model", "attention", "it is the demo's, which knows the demo's sentences alone", cure)
    return Finding("speech model", "ok", f"{facts.name} loads in {facts.load_s:.1f} s, for {facts.sample_rate_hz} Hz")


async def classifier(*, ask: bool) -> list[Finding]:
    """Look at the taxonomies in use, and who decides; ``ask`` sends one request to a hosted model.

    Raises:
        CallsiftError: The offline classifier has no model that fits, where it is needed; or the hosted one did not
            answer.
        InvalidTaxonomy: A file cannot be used.
    """
    with needs("classify"):
        from agents.classify.agent import make_classifier, make_deciders
    from agents.classify.settings import ClassifySettings
    from schemas import Speaker, Taxonomies, Turn

    settings, taxonomies = ClassifySettings.read(), Taxonomies.load()
    found = [_taxonomy(one, is_sent=settings.is_hosted) for one in taxonomies.all]
    if settings.chosen == "none":
        cure = "Set CALLSIFT_CLASSIFIER, or train a model (docs/own-business.md)"
        return [*found, Finding("classifier", "attention", "none: every call with speech is Uncertain", cure)]
    if "offline" in {settings.chosen, settings.when_away, settings.agreement}:
        make_deciders(settings.model_copy(update={"classifier": "offline"}), taxonomies)  # or it says what does not fit
    if settings.chosen == "offline":
        cure = "Set CALLSIFT_GEMINI_API_KEY for Gemini, which reads meaning (docs/accuracy.md)"
        return [*found, Finding("classifier", "attention", "the offline one, which reads words", cure)]
    if not ask:
        cure = "`callsift doctor --ask` sends one request, which is paid for"
        return [*found, Finding("classifier", "attention", f"{settings.chosen} is set up, and was not asked", cure)]
    said = Turn(
        speaker=Speaker.CUSTOMER, start_s=0.0, end_s=2.0, text="buzdolabım soğutmuyor usta gelsin", confidence=1.0
    )
    waiting = settings.model_copy(update={"when_away": "wait"})
    answer = await make_classifier(waiting, taxonomies.default).classify([said])
    return [*found, Finding("classifier", "ok", f"{settings.chosen} answered: {answer.leaf.code}")]


def _taxonomy(taxonomy: Taxonomy, *, is_sent: bool) -> Finding:
    """Look at a taxonomy and, where a hosted model is sent it, at the prompt beside it."""
    from agents.classify.hosted.prompt import instruction

    try:
        if is_sent:
            instruction(taxonomy)
    except CallsiftError as error:
        return Finding("taxonomy", "failed", f"version {taxonomy.version}: {error.message}", error.cure)
    return Finding("taxonomy", "ok", f"version {taxonomy.version}, {len(taxonomy.leaves)} categories")
