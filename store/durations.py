"""How long MongoDB takes for each command, measured by its driver."""

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from store import metrics


class CommandDurations(CommandListener):
    """Observes every answer, on the driver's threads."""

    def started(self, event: CommandStartedEvent) -> None:
        """Wait for the answer, which has the time that it took."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Observe an answer."""
        self._observe(event)

    def failed(self, event: CommandFailedEvent) -> None:
        """Observe a refusal, or the end of the waiting for an answer."""
        self._observe(event)

    @staticmethod
    def _observe(event: CommandSucceededEvent | CommandFailedEvent) -> None:
        if event.command_name in metrics.STORE_OPERATIONS:
            metrics.STORE_SECONDS.labels(event.command_name).observe(event.duration_micros / 1e6)
