"""API keys: ``cs_live_<id>_<secret>``, of which only the secret's SHA-256 is kept."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.access.principal import Principal, Right, Role, Scope
from store.api_keys import ApiKey, ApiKeyStore

PREFIX = "cs_live_"
"""How every key begins, so that scanners for leaked secrets find them."""
EXTRA_RIGHTS = (Right.LISTEN, Right.SEE_NUMBER)
"""What no role has: a key is given them apart."""
REMEMBERED_S = 5.0
"""Seconds that a key is believed without asking the store: within this time a revocation works everywhere."""
_FORM = re.compile(PREFIX + r"([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_MOST_REMEMBERED = 1000
_USE_NOTED = timedelta(minutes=1)


def new_key(
    name: str, role: Role, rights: frozenset[Right], scope: Scope, now: datetime, expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """Return a new key as it is kept, and as its owner gets it: with 256 random bits that nobody else ever sees."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    key = ApiKey(
        id=key_id,
        secret_sha256=_digest(secret),
        name=name,
        role=role,
        rights=sorted(rights),
        queues=None if scope.queues is None else sorted(scope.queues),
        agents=None if scope.agents is None else sorted(scope.agents),
        metadata={field: sorted(values) for field, values in scope.metadata.items()},
        created_at=now,
        expires_at=expires_at,
    )
    return key, f"{PREFIX}{key_id}_{secret}"


def key_id_of(text: str) -> str:
    """Return the identifier that stands in a key."""
    return text.removeprefix(PREFIX).partition("_")[0]


def principal_of(key: ApiKey) -> Principal:
    """Return who asks with a key."""
    return Principal(
        f"key {key.id} ({key.name})",
        Role(key.role).rights | {Right(right) for right in key.rights},
        Scope(
            None if key.queues is None else frozenset(key.queues),
            None if key.agents is None else frozenset(key.agents),
            {field: frozenset(values) for field, values in key.metadata.items()},
        ),
    )


@dataclass(frozen=True)
class _Remembered:
    key: ApiKey | None
    until: float


class Keys:
    """The keys of the store, each remembered for some seconds."""

    def __init__(self, store: ApiKeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        """Look keys up in a store; ``clock`` gives seconds."""
        self._store = store
        self._clock = clock
        self._remembered: dict[str, _Remembered] = {}
        self._noted: dict[str, datetime] = {}
        self._asked_for = False

    async def are_asked_for(self) -> bool:
        """Tell whether there was ever a key. Revoking the last one opens nothing.

        Raises:
            MongoUnavailable: The store did not answer.
        """
        if not self._asked_for:
            self._asked_for = not await self._store.is_empty()
        return self._asked_for

    async def principal(self, text: str) -> Principal | None:
        """Return whose key it is; None: no key, or one that is revoked or over.

        Raises:
            MongoUnavailable: The store did not answer.
        """
        form = _FORM.fullmatch(text)
        if form is None:
            return None
        now, key = datetime.now(UTC), await self._find(form[1])
        if key is None or not hmac.compare_digest(key.secret_sha256, _digest(form[2])) or not key.is_valid(now):
            return None
        await self._note_use(key, now)
        return principal_of(key)

    async def owner(self, key_id: str) -> Principal | None:
        """Return who asks with a key that was shown before; None: it is revoked or over meanwhile.

        Raises:
            MongoUnavailable: The store did not answer.
        """
        key = await self._find(key_id)
        return principal_of(key) if key is not None and key.is_valid(datetime.now(UTC)) else None

    async def _find(self, key_id: str) -> ApiKey | None:
        remembered = self._remembered.get(key_id)
        if remembered is None or remembered.until <= self._clock():
            self._remembered.pop(key_id, None)
            while len(self._remembered) >= _MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            until = self._clock() + REMEMBERED_S
            remembered = _Remembered(await self._store.find(key_id), until)
            self._remembered[key_id] = remembered
        return remembered.key

    async def _note_use(self, key: ApiKey, now: datetime) -> None:
        last = self._noted.get(key.id, key.last_used_at)
        if last is None or now - last >= _USE_NOTED:
            self._noted[key.id] = now
            await self._store.used(key.id, now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
