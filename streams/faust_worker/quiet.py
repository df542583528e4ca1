"""Faust and aiokafka without the timers that look about several times a second, in case somebody forgot to wake them.

Nobody does: what matters wakes them at once (a fetch that ends, what was consumed, a partition that is resumed, an
assignment, a call from the other thread). Left are the group's heartbeats, the commits, and these looks. Measured:
``python -m benchmarks.footprint``.
"""

from aiokafka import AIOKafkaConsumer
from faust.sensors.monitor import Monitor
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka
from mode import Service

_LOOK_S = 5.0


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """The thread with aiokafka's consumer, which sleeps while nothing happens."""

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._consumer_timeout = 1.0  # aiokafka's consumer_timeout_ms, 200 by default; Faust has no setting for it
        return consumer

    async def _keepalive2(self) -> None:
        while not self.should_stop:
            await self.sleep(_LOOK_S)
            await self._wakeup_timer_in_thread()

    @Service.task
    async def _thread_keepalive(self) -> None:
        while not self.should_stop:
            await self.sleep(_LOOK_S)


class QuietMonitor(Monitor):
    """Faust's own statistics without its rates, which nobody reads."""

    @Service.task
    async def _sampler(self) -> None:
        pass


class NoTables(TableManager):
    """There are no tables: nobody has to be given a second to declare one before the group is joined."""

    async def on_start(self) -> None:
        """Start what goes back to the committed offsets after a rebalance."""
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()
