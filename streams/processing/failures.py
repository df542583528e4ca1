"""What went wrong in a stage, by its kind, and how long to wait before the next try."""

import logging
import random
import traceback

from streams import metrics
from streams.errors import CallsiftError, PermanentError, TookTooLong, UnexpectedError

logger = logging.getLogger(__name__)

_LONGEST_BACKOFF_S = 60.0


class FailureLog:
    """Names one stage's failures, counts them and logs each once."""

    def __init__(self, stage: str, *, work_limit_s: float, backoff_s: float) -> None:
        """Speak for ``stage``.

        Args:
            stage: The stage.
            work_limit_s: Seconds that one try may take: what a time-out has exceeded.
            backoff_s: Seconds before the second try at the most; doubles with each further one.
        """
        self._stage = stage
        self._work_limit_s = work_limit_s
        self._backoff_s = backoff_s

    def classify(self, error: Exception) -> CallsiftError:
        """Name the kind of a failure, count it, and log it; a time-out is that of the stage's work limit."""
        if isinstance(error, CallsiftError):
            kind = "permanent" if isinstance(error, PermanentError) else "transient"
            logger.warning("try failed", extra={"kind": kind, "error": error.message})
            failure = error
        elif isinstance(error, TimeoutError):
            kind = "transient"
            failure = TookTooLong(
                f"no result within {self._work_limit_s:g} s",
                "Raise CALLSIFT_RUNNER_WORK_LIMIT_S if the work may take longer",
            )
            logger.warning("try failed", extra={"kind": kind, "error": failure.message})
        else:
            kind = "bug"
            # the stack and the type, without the text: it may quote what somebody said
            stack = "".join(traceback.format_tb(error.__traceback__))
            logger.error("try failed with an unknown error", extra={"error_type": type(error).__name__, "stack": stack})
            failure = UnexpectedError(
                f"unknown error {type(error).__name__}", "Read the worker's log and report the bug"
            )
        metrics.TRIES_FAILED.labels(self._stage, kind).inc()
        return failure

    def backoff_s(self, tries: int, shortest_s: float = 0.0) -> float:
        """Return the seconds to wait after so many tries: full jitter, at most a minute, at least ``shortest_s``."""
        longest_s = min(_LONGEST_BACKOFF_S, self._backoff_s * 2 ** min(tries - 1, 20))
        return max(shortest_s, random.uniform(0, longest_s))  # noqa: S311 - not a secret
