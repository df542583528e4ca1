"""A PBX that is asked for its calls over HTTPS, since it tells nobody: 3CX, and others like it (docs/poller.md)."""
