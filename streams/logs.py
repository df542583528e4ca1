"""Logging: one line per call and stage, with the call and its position in every line written meanwhile."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

_context: ContextVar[dict[str, object]] = ContextVar("callsift_log_context", default={})  # noqa: B039 - never mutated
_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_ROOMS = ("agents", "api", "callsift", "pages", "schemas", "sources", "store", "streams", "tests")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def logged_with(**fields: object) -> Iterator[None]:
    """Add fields to every line that is written inside this block, in this task and the tasks it starts."""
    token = _context.set(_context.get() | fields)
    try:
        yield
    finally:
        _context.reset(token)


class _WithContext(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _context.get().items():
            record.__dict__.setdefault(name, value)
        return True


class _TextFormatter(logging.Formatter):
    """The fields beside the message as ``name=value``, for people."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        fields = (f"{name}={value}" for name, value in vars(record).items() if name not in _STANDARD)
        return " ".join([super().formatMessage(record), *fields])


def set_up_logging(level: str, style: str) -> None:
    """Write log lines to standard error, as text or as one JSON object a line.

    Libraries log warnings at the least important: their other lines may quote messages and signed addresses.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_WithContext())
    handler.setFormatter(
        JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s") if style == "json" else _TextFormatter(_TEXT)
    )
    logging.basicConfig(level=max(logging.WARNING, logging.getLevelName(level)), handlers=[handler], force=True)
    for room in _ROOMS:
        logging.getLogger(room).setLevel(level)
