"""Consumers that fare as consumers do, over more than three days of a clock that is turned: what became of each.

``python -m tests.callsift.webhooks.trial`` prints the table of docs/webhooks.md.
"""

import asyncio
import ssl
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from callsift.embedded import EmbeddedStore
from callsift.webhooks.sender import Sender
from sources.endpoint_settings import EndpointSettings
from store.database import Database
from store.settings import StoreSettings
from store.webhook_deliveries import Delivery
from store.webhook_endpoints import Endpoint
from tests.callsift.webhooks.conftest import HERE, NOW, World
from tests.servers.certificates import make_certificates
from tests.servers.mongo import with_database
from tests.servers.webhooks import Consumer, webhook_consumer

CALLS = 24
"""One call each hour, for the first day."""
MENDED_AT = NOW + timedelta(hours=24)
ENDS_AT = NOW + timedelta(hours=80)
_STEP, _LATER_STEP = timedelta(minutes=5), timedelta(minutes=30)


@dataclass
class Case:
    """One kind of consumer."""

    name: str
    answer: str = "200"
    headers: dict[str, str] = field(default_factory=dict)
    mended: bool = True
    """Whether it takes everything after a day."""
    url: str | None = None
    """Where its deliveries are posted; None: to a consumer on this machine."""
    internal: bool = True
    """Whether the settings allow this machine."""


CASES = (
    Case("takes everything", mended=False),
    Case("down for a day", "cut"),
    Case("slower than the time limit for a day", "slow"),
    Case("ends its answer half-way for a day", "half"),
    Case("redirects for a day", "307", {"Location": "http://127.0.0.1:9/"}),
    Case("answers 429 with `Retry-After: 3600` for a day", "429", {"Retry-After": "3600"}),
    Case("answers 500 and is not mended", "500", mended=False),
    Case("answers 410", "410", mended=False),
    Case("lies at a private address", mended=False, internal=False),
    Case("has a certificate that nobody trusts", "tls", mended=False),
    Case("has a name that nobody knows", url="https://nobody.invalid/hooks", mended=False),
)


@dataclass(frozen=True)
class Row:
    """What became of one."""

    case: Case
    tries: int
    """Deliveries that were tried, each as often as it was."""
    requests: int
    """Those of them that reached the consumer."""
    problems: tuple[str, ...]
    """What came of tries that do not count, the most frequent first."""
    delivered: int
    twice: int
    """Identifiers that the consumer answered 2xx more than once."""
    last_after: timedelta | None
    """From when it was mended to when the last one was taken; None: nothing was."""
    endpoint: str
    """How the endpoint ended."""

    def __str__(self) -> str:
        """Return it as a line of a table."""
        late = "–" if self.last_after is None else f"{self.last_after.total_seconds() / 60:.0f} min"
        problems = ", ".join(self.problems) or "–"
        cells = (self.case.name, self.tries, self.requests, problems, self.delivered, self.twice, late, self.endpoint)
        return f"| {' | '.join(map(str, cells))} |"


HEAD = (
    "| consumer | tries | requests that it got | what came of those that do not count | delivered of 24 | taken twice "
    "| after it was mended | endpoint |\n|---|---|---|---|---|---|---|---|"
)


async def tried(store: str, folder: Path) -> list[Row]:
    """Run all cases at once, against one store."""
    uri = with_database(store, f"test-{uuid4().hex}")
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(StoreSettings(uri=SecretStr(uri)))))
        senders = {True: Sender(HERE, time_limit_s=0.3), False: Sender(EndpointSettings(schemes=("http",)))}
        worlds = {is_open: World(database, sender) for is_open, sender in senders.items()}
        consumers = {case.name: stack.enter_context(_consumer(case, folder)) for case in CASES}
        endpoints = {case.name: await _endpoint(worlds[True], case, consumers[case.name]) for case in CASES}
        try:
            await _days(worlds, consumers, endpoints)
        finally:
            for sender in senders.values():
                await sender.close()
        world = worlds[True]
        return [await _row(world, case, consumers[case.name], endpoints[case.name]) for case in CASES]


async def _days(worlds: dict[bool, World], consumers: dict[str, Consumer], endpoints: dict[str, Endpoint]) -> None:
    now, published = NOW, 0
    while now < ENDS_AT:
        for world in worlds.values():
            world.now = now
        if published < CALLS and now >= NOW + timedelta(hours=published):
            await worlds[True].publish(f"call-{published}")
            published += 1
        for case in CASES:
            if now >= MENDED_AT and case.mended:
                consumers[case.name].answer = "200"
            while await worlds[case.internal].round(endpoints[case.name]) == 0:
                pass
        now += _STEP if now < MENDED_AT + timedelta(hours=1) else _LATER_STEP


@contextmanager
def _consumer(case: Case, folder: Path) -> Iterator[Consumer]:
    context = None
    if case.answer == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(make_certificates(folder).server)
    with webhook_consumer(context) as running:
        running.answer, running.headers = case.answer if context is None else "200", case.headers
        yield running


async def _endpoint(world: World, case: Case, consumer: Consumer) -> Endpoint:
    return await world.endpoint(case.url or consumer.address, description=case.name)


async def _row(world: World, case: Case, consumer: Consumer, endpoint: Endpoint) -> Row:
    deliveries, ended = await world.of(endpoint), await world.again(endpoint)
    delivered = [one for one in deliveries if one.state == "delivered"]
    problems = Counter(_problem(one) for delivery in deliveries for one in delivery.attempts if one.problem)
    taken = Counter(one.webhook_id for one in delivered for attempt in one.attempts if attempt.problem is None)
    return Row(
        case,
        tries=sum(len(one.attempts) for one in deliveries),
        requests=len(consumer.got),
        problems=tuple(problem for problem, _ in problems.most_common()),
        delivered=len(delivered),
        twice=sum(count > 1 for count in taken.values()),
        last_after=_last_after(delivered) if case.mended else None,
        endpoint="on" if ended.off is None else f"off ({ended.off.reason}) after {_hours(ended.off.at - NOW)}",
    )


def _problem(attempt: object) -> str:
    problem, status = getattr(attempt, "problem", ""), getattr(attempt, "status", None)
    return f"`{problem}`" + (f" {status}" if status else "")


def _last_after(delivered: list[Delivery]) -> timedelta | None:
    ended = [one.ended_at for one in delivered if one.ended_at is not None]
    return max(ended) - MENDED_AT if ended else None


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f} h"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="callsift-trial-") as folder:
        running = EmbeddedStore(Path(folder, "store"))
        try:
            rows = asyncio.run(tried(running.uri, Path(folder)))
        finally:
            running.stop()
    print(HEAD, *rows, sep="\n")


if __name__ == "__main__":
    main()
