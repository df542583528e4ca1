"""The connection to a PBX: logs in, asks what goes on, and yields what is said from then on."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator

from sources.asterisk.settings import AsteriskSource
from sources.asterisk.wire import Message, Messages, NotAsterisk, action
from streams.errors import TransientError
from streams.tls import client_context

EVENTS = "call,dialplan,agent"
"""The classes of events that are needed, and no more."""
_CONNECT_LIMIT_S = 10.0
_READ_BYTES = 65536


class PbxAway(TransientError):
    """The PBX cannot be reached, or does not answer any more."""


class LoginRefused(TransientError):
    """The PBX does not take the name and the secret, or does not let them do what is needed."""


class Connection:
    """One connection; what is lost with it is asked for by the next."""

    def __init__(self, settings: AsteriskSource) -> None:
        """Name the PBX; nothing is opened yet."""
        self._settings = settings

    async def messages(self) -> AsyncGenerator[Message | list[Message], None]:
        """Connect, and yield first the list of all channels, then every event, until the connection is lost.

        Raises:
            PbxAway: It cannot be reached, or is silent.
            LoginRefused: It refuses the login.
            NotAsterisk: Something else answers.
        """
        reader, writer = await self._open()
        try:
            said = self._said(reader, writer)
            login = {"Username": self._settings.username, "Secret": self._secret(), "Events": EVENTS}
            await _send(writer, "Login", "login", **login)
            await _send(writer, "Status", "status", Variables="MIXMONITOR_FILENAME")
            channels: list[Message] = []
            early: list[Message] = []
            async for message in said:
                if message.get("ActionID") == "status" and message.get("Event") == "Status":
                    channels.append(message)
                elif message.get("Event") == "StatusComplete":
                    break
                elif "Event" in message:
                    early.append(message)
                elif message.get("Response") == "Error":
                    raise self._refused(message)
            else:  # an incomplete list would end calls that go on
                raise PbxAway("the PBX has closed the connection before it said what goes on", "It is tried again")
            yield channels
            for message in early:
                yield message
            async for message in said:
                if "Event" in message:
                    yield message
            raise PbxAway("the PBX has closed the connection", "It is tried again")
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1.0)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        settings = self._settings
        context: ssl.SSLContext | None = None
        if settings.tls:
            context = client_context(settings.ca_file)
        try:
            return await asyncio.wait_for(
                asyncio.open_connection(settings.host, settings.port, ssl=context), _CONNECT_LIMIT_S
            )
        except (TimeoutError, OSError) as error:
            why = str(error) or "no answer"
            raise PbxAway(
                f"cannot connect to {settings.host}:{settings.port}: {why}",
                "Look whether manager.conf has enabled=yes and lets this machine in (bindaddr, permit)",
            ) from error

    def _secret(self) -> str:
        try:
            return self._settings.secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise LoginRefused("the secret cannot be read", "Set the source's secret_file") from None

    async def _said(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[Message]:
        """Yield messages; after a silence the PBX is asked whether it is there, and after another one given up."""
        messages, asked = Messages(), False
        while True:
            try:
                data = await asyncio.wait_for(reader.read(_READ_BYTES), self._settings.silence_s)
            except TimeoutError:
                if asked:
                    raise PbxAway("the PBX does not answer any more", "It is tried again") from None
                asked = True
                await _send(writer, "Ping", "ping")
                continue
            except OSError as error:
                raise PbxAway(f"the connection is lost: {error}", "It is tried again") from error
            if not data:
                if messages.banner is None:
                    raise NotAsterisk("the connection was closed without a word", "Look whether permit lets this in")
                return
            asked = False
            for message in messages.feed(data):
                yield message

    def _refused(self, message: Message) -> LoginRefused:
        what = message.get("Message", "")[:200]
        if message.get("ActionID") == "login":
            return LoginRefused(f"the PBX refuses the login: {what}", "Set its username and its secret_file")
        return LoginRefused(
            f"the PBX does not say which channels there are: {what}",
            f"In manager.conf give this user read = {EVENTS} and write = reporting",
        )


async def _send(writer: asyncio.StreamWriter, name: str, action_id: str, **fields: str) -> None:
    try:
        writer.write(action(name, action_id, **fields))
        await writer.drain()
    except OSError as error:
        raise PbxAway(f"the connection is lost: {error}", "It is tried again") from error
