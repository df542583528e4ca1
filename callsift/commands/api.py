"""``callsift api``: the HTTP API."""

import os

from callsift.commands.extras import needs
from callsift.exits import told
from callsift.settings import refuse_unknown


def api() -> None:
    """Serve the HTTP API until SIGTERM: hand calls in, ask where they are, read outcomes (docs/api.md).

    The settings come from the environment (docs/settings.md).
    """
    with needs("api"):
        from callsift.serving import serve_api
    serve_api()


def run() -> None:
    """Be ``callsift api`` without the command line, whose libraries it does not need."""
    with told():
        refuse_unknown(os.environ)
        api()
