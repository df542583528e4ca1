"""One try, over real connections: what each kind of consumer comes to, and that nothing else is connected to."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsift.webhooks.sender import Answer, Result, Sender
from sources.endpoint_settings import EndpointSettings
from tests.agents.audio.fetching.fetched import Names
from tests.callsift.webhooks.conftest import HERE
from tests.servers.certificates import make_certificates
from tests.servers.webhooks import Consumer, webhook_consumer

pytestmark = pytest.mark.integration


async def posted(address: str, settings: EndpointSettings = HERE, names: Names | None = None) -> Answer:
    sender = Sender(settings, names, time_limit_s=2)
    try:
        return await sender.post(address, {"webhook-id": "one"}, b"{}")
    finally:
        await sender.close()


@pytest.mark.parametrize(
    ("answers", "result", "status"),
    [
        ("200", "delivered", 200),
        ("204", "delivered", 204),
        ("301", "redirect", 301),
        ("307", "redirect", 307),
        ("400", "status", 400),
        ("410", "status", 410),
        ("503", "status", 503),
        ("half", "broken_answer", None),
        ("cut", "no_connection", None),
        ("slow", "timeout", None),
    ],
)
async def test_what_a_consumer_answers(consumer: Consumer, answers: str, result: Result, status: int | None) -> None:
    consumer.answer, consumer.headers = answers, {"Location": consumer.address}
    found = await posted(consumer.address)
    assert (found.result, found.status, len(consumer.got)) == (result, status, 1)


async def test_no_delivery_uses_a_connection_that_the_consumer_is_about_to_close() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")  # which keeps the connection open
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(once, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
        sender = Sender(HERE)
        found = [await sender.post(address, {"webhook-id": str(number)}, b"{}") for number in range(3)]
        await sender.close()
    assert [one.result for one in found] == ["delivered"] * 3


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("soon", None),
        ("Mon, 01 Jan 2024 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 99999999999 23:59:59 GMT", None),
    ],
)
async def test_retry_after_is_read(consumer: Consumer, sent: str, seconds: float | None) -> None:
    consumer.answer, consumer.headers = "429", {"Retry-After": sent}
    assert (await posted(consumer.address)).retry_after_s == seconds


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/hooks",
        "https://10.1.2.3/hooks",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hooks",
        "https://[::ffff:10.0.0.1]/",
        "https://127.1/",
        "https://anna:secret@203.0.113.5/",
        "http://example.com/",
        "ftp://example.com/",
        "https://",
    ],
)
async def test_an_address_that_is_not_allowed_is_not_connected_to(address: str) -> None:
    found = await posted(address, EndpointSettings(), Names())
    assert found.result == "refused_address"
    assert "secret" not in (found.detail or "")


async def test_a_name_is_resolved_at_every_try_and_only_what_it_leads_to_then_counts(consumer: Consumer) -> None:
    names = Names(hooks_test=["127.0.0.1"])
    port = consumer.address.rsplit(":", 1)[1]
    refused = await posted(f"http://hooks.test:{port}", EndpointSettings(schemes=("http",)), names)
    assert (refused.result, consumer.got) == ("refused_address", [])
    assert "127.0.0.1" in (refused.detail or "")
    assert (await posted(f"http://hooks.test:{port}", HERE, names)).result == "delivered"
    assert names.asked == ["hooks.test", "hooks.test"]


async def test_a_name_that_nobody_knows_is_said() -> None:
    assert (await posted("https://nobody.test/", EndpointSettings(), Names())).result == "no_such_name"


@pytest.fixture(scope="module")
def own_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consumer, Path]]:
    made = make_certificates(tmp_path_factory.mktemp("certificates"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server)
    with webhook_consumer(context) as running:
        yield running, made.authority


async def test_a_certificate_of_an_unknown_authority_is_refused_and_one_of_a_named_one_is_not(
    own_certificates: tuple[Consumer, Path],
) -> None:
    consumer, authority = own_certificates
    refused = await posted(consumer.address)
    assert (refused.result, consumer.got) == ("not_trusted", [])
    assert "certificate" in (refused.detail or "")
    trusted = await posted(consumer.address, HERE.model_copy(update={"ca_file": authority}))
    assert trusted.result == "delivered"
