"""A principal: who asks, what they may do, and whose calls they may see. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

_KEY = re.compile("[A-Za-z0-9_-]+")


class Right(StrEnum):
    """One thing that somebody may do; each route names the one that it needs."""

    INGEST = "ingest"
    """Hand calls in."""
    VIEW = "view"
    """See calls, their outcomes and their transcripts."""
    REVIEW = "review"
    """Say what a call was, and what became of it."""
    OPERATE = "operate"
    """Have calls worked on again, and see to dead letters."""
    ADMINISTER = "administer"
    """Erase."""
    LISTEN = "listen"
    """Hear recordings."""
    SEE_NUMBER = "see_number"
    """See callers' numbers; without it they are masked."""


class Role(StrEnum):
    """What a key, or a person, is for."""

    INGEST = "ingest"
    VIEWER = "viewer"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def rights(self) -> frozenset[Right]:
        """What the role may do; to listen and to see numbers are given apart."""
        return _RIGHTS[self]


_RIGHTS = {
    Role.INGEST: frozenset({Right.INGEST}),
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.REVIEWER: frozenset({Right.VIEW, Right.REVIEW}),
    Role.OPERATOR: frozenset({Right.VIEW, Right.OPERATE, Right.INGEST}),
    Role.ADMIN: frozenset({Right.INGEST, Right.VIEW, Right.REVIEW, Right.OPERATE, Right.ADMINISTER}),
}


class Whose(Protocol):
    """What of a call a scope goes by: every event and outcome says it."""

    @property
    def queue(self) -> str | None:
        """The queue that the call came through."""

    @property
    def agent_id(self) -> str | None:
        """Who answered."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the PBX says besides."""


@dataclass(frozen=True)
class Scope:
    """Whose calls somebody may see: those that fit everything it names."""

    queues: frozenset[str] | None = None
    """Only calls of these queues; None: of all, and of none."""
    agents: frozenset[str] | None = None
    """Only calls of these agents; their own, for a person who is one. None: of all."""
    metadata: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Only calls whose metadata has one of these values under this key, such as a brand. A list there has them all."""

    def __post_init__(self) -> None:
        """Refuse keys that a store may take for a path or an operator: such a scope would show the wrong calls.

        Raises:
            ValueError: A key of the metadata has something besides letters from a to z, digits, _ and -.
        """
        for key in self.metadata:
            if not _KEY.fullmatch(key):
                raise ValueError(f"a scope names the metadata {key!r}; expected letters from a to z, digits, _ and -")

    @property
    def is_everywhere(self) -> bool:
        """Whether it leaves no call out."""
        return self == Scope()

    def allows(self, call: Whose) -> bool:
        """Tell whether a call is in the scope."""
        if self.queues is not None and call.queue not in self.queues:
            return False
        if self.agents is not None and call.agent_id not in self.agents:
            return False
        return all(_has_one(call.metadata.get(key), values) for key, values in self.metadata.items())

    def query(self) -> dict[str, Any]:
        """Return what the store is asked for, so that lists, counts and statistics know of no other call."""
        query: dict[str, Any] = {}
        if self.queues is not None:
            query["outcome.queue"] = {"$in": sorted(self.queues)}
        if self.agents is not None:
            query["outcome.agent_id"] = {"$in": sorted(self.agents)}
        for key, values in self.metadata.items():
            query[f"outcome.metadata.{key}"] = {"$in": sorted(values)}
        return query


def _has_one(found: object, values: frozenset[str]) -> bool:
    texts = found if isinstance(found, list) else [found]
    return any(isinstance(text, str) and text in values for text in texts)


@dataclass(frozen=True)
class Principal:
    """Who asks."""

    name: str
    """Whom the audit names and limits count: no two keys or persons have the same. Never a secret."""
    rights: frozenset[Right]
    scope: Scope = Scope()
    is_limited: bool = True
    """Whether requests are counted; not on this machine while nobody has a key."""

    def may(self, right: Right) -> bool:
        """Tell whether they may do something."""
        return right in self.rights
