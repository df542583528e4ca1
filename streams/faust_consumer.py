"""Faust's consumer, mended where partitions that move cost events or have them done twice (docs/decisions/0001)."""

from collections.abc import Awaitable, Callable, Mapping

import faust
from faust.transport.drivers import aiokafka
from faust.types.tuples import TP

from streams import header_names


class Consumer(aiokafka.Consumer):
    """Hands partitions over before what is done is forgotten, and goes back to the very beginning of new ones."""

    transport: "Transport"

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Hand over, then let Faust go on.

        Faust forgets what is acknowledged and not yet committed, and only then sends its signal of the same name.
        """
        await self.transport.hand_over()
        await super().on_partitions_revoked(revoked)

    async def perform_seek(self) -> None:
        """Go back to what is committed; Faust lets messages flow again after it."""
        self.stop_flow()  # a worker that had no partitions before fetches meanwhile, and would drop what comes again
        await super().perform_seek()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek all partitions to their committed offsets, or to their beginning, and return what is committed.

        What Faust fetches before it is done with a rebalance it throws away, and then goes back to what is committed.
        Where that is nothing, or offset 0, aiokafka stays where it is: what was thrown away would be lost.
        """
        committed = await super().seek_to_committed()
        if untouched := [partition for partition, offset in committed.items() if not offset]:
            await self._thread.seek_to_beginning(*untouched)
        return committed


class Transport(aiokafka.Transport):
    """Makes such consumers."""

    Consumer = Consumer

    def __init__(self, app: faust.App, hand_over: Callable[[], Awaitable[None]]) -> None:
        """Make the transport of ``app``; ``hand_over`` is awaited before partitions go."""
        super().__init__(app.conf.broker_consumer, app)
        header_names.install()
        self.hand_over = hand_over
