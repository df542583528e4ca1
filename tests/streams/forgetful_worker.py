"""A worker that throws away the first messages it fetches and goes back to what is committed, as Faust does.

Faust does so with what it has fetched while a rebalance ends (``Consumer.getmany``: "flow not active"); whether it has
fetched anything by then is a matter of milliseconds.
"""

from typing import Any

from faust.transport.drivers.aiokafka import Consumer

from callsift.worker import work
from tests.chaos.worker import make


def main() -> None:
    fetch = Consumer._getmany
    thrown_away: list[Any] = []

    async def forgetful(self: Consumer, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's
        records = await fetch(self, active_partitions, timeout)
        if records and not thrown_away:
            thrown_away.append(records)
            await self.perform_seek()
            self.resume_flow()
            return {}
        return records

    Consumer._getmany = forgetful  # type: ignore[assignment, method-assign]
    work("audio", make)


if __name__ == "__main__":
    main()
