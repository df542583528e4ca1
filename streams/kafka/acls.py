"""What each worker may do on brokers that ask for permission: access rules (ACLs) that follow from the catalogue.

Reading and writing a topic include describing it; reading a group is joining it and committing its positions.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from streams.settings import KafkaSettings
from streams.topics import (
    ALL_TOPICS,
    AUDIT,
    BRAKES,
    CONSUMED,
    DEAD_LETTER,
    ENDED,
    FORGOTTEN,
    OUTCOMES,
    REPLAYS,
    RETENTION,
    RETRIES,
    RETRY_GROUP,
    SOURCES,
    STAGES,
    WEBHOOKS_GROUP,
    AnyTopic,
    Stage,
)

TOOLS = "tools"
"""The user of every command and job: topics, retention, status, dead letters …"""
SCALER = "scaler"
"""The user of what scales by lag, such as KEDA."""
API = "api"
"""The user of the HTTP API."""
OPERATIONS = "operations"
"""The user of the worker that does the API's long work."""
SOURCE = "source"
"""The user of the ways in that run by themselves (``callsift source``), and of a PBX that publishes by itself."""
WEBHOOKS = "webhooks"
"""The user of the worker that posts outcomes to endpoints."""


@dataclass(frozen=True)
class Rule:
    """One resource, and what is allowed with it."""

    resource: Literal["topic", "group"]
    name: str
    """Full name, with prefix; no pattern."""
    operations: tuple[str, ...]
    """By Kafka's names: Read, Write, Describe, Create, DescribeConfigs, Delete."""


@dataclass(frozen=True)
class User:
    """Somebody whom the brokers know."""

    name: str
    """Kafka's name for it, without ``User:``. It is a name for Kubernetes, too."""
    runs: str
    """The worker that is this user; ``TOOLS`` for commands and jobs, ``SOURCE`` for ways in."""
    rules: tuple[Rule, ...]
    """Everything that it needs, and no more; one rule per resource."""


def users(kafka: KafkaSettings) -> list[User]:
    """Return a user for each worker, one for the API, one for autoscalers, one for ways in and one for the tools."""
    rules = {stage.name: _stage(stage) for stage in STAGES.values()}
    rules |= {
        "retry": _retry(),
        "monitor": _monitor(),
        OPERATIONS: _operations(),
        WEBHOOKS: _webhooks(),
        API: _api(),
        SCALER: _scaler(),
        SOURCE: [*_topics((ENDED,), "Write"), *_topics((SOURCES,), "Read", "Write")],
    }
    rules[TOOLS] = _tools()
    return [
        User(kubernetes_name(f"{kafka.prefix}callsift-{runs}"), runs, _joined(kafka.prefix, own))
        for runs, own in rules.items()
    ]


def kubernetes_name(name: str) -> str:
    """Return a name that Kubernetes takes: the same where that can be, else mended and with a digest of the original.

    Kafka tells ``a_b`` from ``a-B``; Kubernetes has small letters, digits, hyphens and dots between them.
    """
    mended = ".".join(filter(None, (part.strip("-") for part in re.sub(r"[^a-z0-9.-]", "-", name.lower()).split("."))))
    return mended if mended == name else f"{mended}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _stage(stage: Stage) -> list[Rule]:
    # Failed tries go to the retry topics; the brake is followed, and applied; forgotten calls are dropped.
    written = (stage.produces, *stage.also_produces, *RETRIES, DEAD_LETTER, BRAKES)
    return [
        *_topics((*stage.consumes, BRAKES, FORGOTTEN), "Read"),
        *_topics(written, "Write"),
        Rule("group", stage.group, ("Read",)),
    ]


def _retry() -> list[Rule]:
    return [*_topics(RETRIES, "Read"), *_topics(CONSUMED, "Write"), Rule("group", RETRY_GROUP, ("Read",))]


def _monitor() -> list[Rule]:
    return [*_topics((*CONSUMED, *RETRIES, REPLAYS, BRAKES, RETENTION), "Read"), *_groups("Describe")]


def _acting() -> list[Rule]:
    """Return what it takes to act on calls: to hand in, replay and reprocess them, and to see which wait."""
    return [
        *_topics((*CONSUMED, *RETRIES, REPLAYS, FORGOTTEN), "Read"),
        *_topics((*CONSUMED, REPLAYS), "Write"),
        *_groups("Describe"),
    ]


def _api() -> list[Rule]:
    return [
        *_acting(),
        *_topics((AUDIT,), "Write"),
        *_topics((BRAKES,), "Read", "Write"),  # where calls are that have no outcome; a page releases brakes
        *_topics((OUTCOMES,), "Read"),  # the stream of outcomes
        *_topics((SOURCES,), "Read", "Write"),  # what its webhooks brought, and what other ways in did
    ]


def _operations() -> list[Rule]:
    return [*_acting(), *_topics((FORGOTTEN, OUTCOMES), "Write")]  # erasures: their memory, and tombstones


def _webhooks() -> list[Rule]:
    return [*_topics((OUTCOMES,), "Read"), Rule("group", WEBHOOKS_GROUP, ("Read",))]


def _scaler() -> list[Rule]:
    return [*_topics((*CONSUMED, *RETRIES), "Describe"), *_groups("Describe")]


def _tools() -> list[Rule]:
    return [
        *_acting(),
        # `topics create`, with and without --check; everything can be looked at
        *_topics(ALL_TOPICS, "Create", "DescribeConfigs", "Read"),
        *_topics((BRAKES,), "Write"),
        # `forget`: its memory; `retention run`: when it was done; both: tombstones
        *_topics((FORGOTTEN, OUTCOMES, RETENTION), "Write"),
        *_topics((DEAD_LETTER,), "Delete"),
        # `retention run` keeps how far groups without members are
        *_groups("Read"),
    ]


def _topics(topics: Iterable[AnyTopic], *operations: str) -> list[Rule]:
    return [Rule("topic", topic.name, operations) for topic in topics]


def _groups(*operations: str) -> list[Rule]:
    groups = (*(stage.group for stage in STAGES.values()), RETRY_GROUP)
    return [Rule("group", group, operations) for group in groups]


def _joined(prefix: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return one rule per resource, with the prefix."""
    operations: dict[tuple[Literal["topic", "group"], str], set[str]] = {}
    for rule in rules:
        operations.setdefault((rule.resource, prefix + rule.name), set()).update(rule.operations)
    return tuple(Rule(resource, name, tuple(sorted(allowed))) for (resource, name), allowed in operations.items())
