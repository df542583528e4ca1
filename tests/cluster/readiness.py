"""Whether a pod's process is ready, as a kubelet asks and tells it."""

from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException

from tests.cluster.client import Object

_LIMIT_S = 3.0


def is_ready(port: int, path: str) -> bool:
    """Return whether a process of this machine answers its readiness probe with 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_LIMIT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def conditions(*, ready: bool) -> list[Object]:
    """Return what a pod's status says of it, from now on."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    status = "True" if ready else "False"
    return [{"type": kind, "status": status, "lastTransitionTime": now} for kind in ("ContainersReady", "Ready")]
