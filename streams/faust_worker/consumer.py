"""Faust's consumer, mended where partitions that move cost events or have them done twice (docs/decisions/0001).

And where producers are transactional: it reads what is committed, and its position gets past what is no message.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import cast

import faust
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers import aiokafka
from faust.types.tuples import TP

from streams.faust_worker import header_names, quiet


class _Thread(quiet.ConsumerThread):
    def _create_worker_consumer(self, transport: aiokafka.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust reads aborted transactions too, unless it is to produce in transactions itself.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = round(cast("Transport", transport).fetch_wait_s * 1000)  # fixed in Faust
        return consumer


class Consumer(aiokafka.Consumer):
    """Hands partitions over before what is done is forgotten, and goes back to the very beginning of new ones."""

    transport: "Transport"

    def _new_consumer_thread(self) -> aiokafka.AIOKafkaConsumerThread:
        self.ends_past_gaps: Mapping[TP, int] = {}
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Add the ends past gaps; called by one commit at a time."""
        ends, self.ends_past_gaps = self.ends_past_gaps, {}
        offsets: dict[TP, int] = super()._filter_committable_offsets(tps)
        for partition, end in ends.items():
            furthest = max(end, offsets.get(partition, 0))
            if self._should_commit(partition, furthest):
                offsets[partition] = furthest
        return offsets

    def _new_offset(self, tp: TP) -> int | None:
        """Return how far a partition is; Faust forgets a gap that follows offset 0, and would stay before it.

        The window acknowledges in order: what is missing before the first that is acknowledged is no message. The last
        offset of a gap Faust keeps after it was committed, and would spend the next commit on it.
        """
        acked = self._acked[tp]
        committed = self._committed_offset[tp] or 0
        acked[:] = [own for own in acked if own >= committed]
        self._gap[tp].chop(0, committed)
        if committed == 1 and acked and min(acked) > 1:
            self._gap[tp].addi(1, min(acked))
        offset: int | None = super()._new_offset(tp)
        return offset

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Hand over, then let Faust go on.

        Faust forgets what is acknowledged and not yet committed, and only then sends its signal of the same name.
        """
        await self.transport.hand_over()
        self.ends_past_gaps = {}
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

    def __init__(self, app: faust.App, hand_over: Callable[[], Awaitable[None]], fetch_wait_s: float) -> None:
        """Make the transport of ``app``.

        Args:
            app: Whose transport.
            hand_over: Is awaited before partitions go.
            fetch_wait_s: Seconds that a broker may hold a question to which there is no new message.
        """
        super().__init__(app.conf.broker_consumer, app)
        header_names.install()
        self.hand_over, self.fetch_wait_s = hand_over, fetch_wait_s


def commit_past_gaps(app: faust.App, ends: Mapping[tuple[str, int], int]) -> None:
    """Let the next commit go to the ends of partitions that hold no message after what is committed.

    Faust commits what was acknowledged, and the marker of a transaction never is: what scales by uncommitted offsets
    (KEDA) would never see an idle stage. May be called from another thread.
    """
    cast("Consumer", app.consumer).ends_past_gaps = {TP(*place): end for place, end in ends.items()}
