"""The images' HEALTHCHECK: exits with 0 if this container's worker answers /health/live with 200.

``health.py ready`` asks /health/ready instead. Standard library only, and no proxy that the environment names.
"""

import http.client
import os
import sys

_TIME_LIMIT_S = 4.0


def main() -> int:
    """Ask once; returns the exit code."""
    host, _, port = (os.environ.get("CALLSIFT_HTTP_PORT") or "8000").rpartition(":")
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host.strip("[]"), host.strip("[]"))
    path = f"/health/{sys.argv[1] if len(sys.argv) > 1 else 'live'}"
    worker = http.client.HTTPConnection(host, int(port), timeout=_TIME_LIMIT_S)
    try:
        worker.request("GET", path)
        answer = worker.getresponse()
        sys.stdout.write(f"{answer.status} {answer.read().decode()}\n")
    except (OSError, http.client.HTTPException) as error:
        sys.stdout.write(f"no answer: {error}\n")
        return 1
    return 0 if answer.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
