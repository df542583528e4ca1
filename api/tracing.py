"""The trace of a request, as W3C Trace Context names it."""

import re
import secrets

from fastapi import Request

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def sent_trace_id(request: Request) -> str | None:
    """Return the trace that the caller has begun; None: they have begun none."""
    sent = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    return sent[1] if sent and int(sent[1], 16) else None


def trace_id(request: Request) -> str:
    """Return the 32 hexadecimal digits that name the request: the caller's own, or new ones."""
    if not hasattr(request.state, "trace_id"):
        request.state.trace_id = sent_trace_id(request) or secrets.token_hex(16)
    return str(request.state.trace_id)
