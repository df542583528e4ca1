"""A server that says again what an Asterisk said in a trace, in seeded pieces."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.sources.asterisk.traces import connections

SECRET = "tell nobody"
_CRLF, _CUT = b"\r\n", b"\r\n\r\n"
_OF_A_CHANNEL = (b"Channel", b"CallerIDNum", b"Exten", b"Uniqueid", b"Linkedid")


class Replay:
    """Says one connection of a trace to each client that logs in; to those after the last, nothing."""

    def __init__(self, trace: str, seed: int = 1) -> None:
        self.said = [b"".join(data for _, data in pieces) for pieces in connections(trace)]
        self.chance = random.Random(seed)
        self.port = 0
        self.logins = 0
        self.up: dict[bytes, list[bytes]] = {}
        self.silent = False
        """Whether it takes connections and never says a word."""
        self.lose_list_at: int | None = None
        """The login after which the connection is lost before the list of channels is whole."""
        self.lose_at: float | None = None
        """The share of the first connection after which it is lost, once."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            await reader.read()
            return
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        login = await reader.readuntil(_CUT)
        if f"Secret: {SECRET}\r\n".encode() not in login:
            writer.write(b"Response: Error\r\nActionID: login\r\nMessage: Authentication failed" + _CUT)
            await writer.drain()
            return
        writer.write(b"Response: Success\r\nActionID: login\r\nMessage: Authentication accepted" + _CUT)
        await reader.readuntil(_CUT)
        self.logins += 1
        if self.logins == self.lose_list_at:
            await self._say(writer, b"Response: Success\r\nActionID: status" + _CUT)
            return
        said = self.said.pop(0) if self.said else b""
        blocks = [block for block in said.split(_CUT) if block.startswith(b"Event:")]
        status = [_CRLF.join(lines) for lines in self.up.values()]
        answer = [b"Response: Success\r\nActionID: status", *status, b"Event: StatusComplete"]
        await self._say(writer, _CUT.join([*answer, b""]))
        events = [block for block in blocks if b"\r\nActionID:" not in block]
        if self.lose_at is not None:
            kept = int(len(events) * self.lose_at)
            self.said.insert(0, _CUT.join([*events[kept:], b""]))
            events, self.lose_at = events[:kept], None
        for event in events:
            self._note(event)
        await self._say(writer, _CUT.join([*events, b""]))
        if not self.said:
            while await reader.read(1000):
                await self._say(writer, b"Response: Success\r\nPing: Pong" + _CUT)

    def _note(self, event: bytes) -> None:
        """Know which channels there are, as an Asterisk does."""
        fields = dict(line.split(b": ", 1) for line in event.split(_CRLF) if b": " in line)
        unique = fields.get(b"Uniqueid")
        if unique is None or b"Linkedid" not in fields:
            return
        if fields[b"Event"] == b"Hangup":
            self.up.pop(unique, None)
            return
        own = [b"%s: %s" % (name, fields[name]) for name in _OF_A_CHANNEL if name in fields]
        known = [line for line in self.up.get(unique, []) if line.startswith(b"Variable")]
        if fields.get(b"Variable") == b"MIXMONITOR_FILENAME":
            known = [b"Variable: MIXMONITOR_FILENAME=" + fields[b"Value"]]
        self.up[unique] = [b"Event: Status", b"ActionID: status", b"Seconds: 1", *own, *known]

    async def _say(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        while data:
            size = self.chance.choice((1, 7, 100, 1000, 5000, 20_000))
            writer.write(data[:size])
            await writer.drain()
            data = data[size:]


@asynccontextmanager
async def replayed(trace: str) -> AsyncIterator[Replay]:
    """Run such a server on a free port."""
    replay = Replay(trace)
    server = await asyncio.start_server(replay.serve, "127.0.0.1", 0)
    replay.port = server.sockets[0].getsockname()[1]
    try:
        yield replay
    finally:
        server.close()
