"""``callsift api``: the HTTP API."""

from callsift.commands.extras import needs


def api() -> None:
    """Serve the HTTP API until SIGTERM: hand calls in, ask where they are, read outcomes (docs/api.md).

    The settings come from the environment (docs/settings.md).
    """
    with needs("api"):
        from callsift.serving import serve_api
    serve_api()
