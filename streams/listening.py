"""Where a process listens: sockets of IPv4, of IPv6, or of both where no address is named."""

import socket


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; an empty ``host`` is every address of the machine, of whichever family it has.

    Raises:
        OSError: The port is taken, or the address is none of this machine.
    """
    if host:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))
