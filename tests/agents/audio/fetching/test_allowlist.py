"""Server-side request forgery: an event may not send a worker where the settings do not allow it."""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching import AddressNotAllowed, RecordingUnreachable, UnknownAddress
from agents.audio.fetching.allowlist import Allowlist
from streams.hosts import is_public, reached
from tests.agents.audio.fetching.fetched import SMALL, Names, fetched
from tests.agents.audio.fetching.web import web_server


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with web_server({"small.wav": SMALL}) as address:
        yield address


@pytest.fixture(scope="module")
def port(web: str) -> str:
    return web.rsplit(":", 1)[1]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


NOT_PUBLIC = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
    *("100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b:1::1", "::127.0.0.1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2001:0:1::1"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_private_address_is_refused_itself_and_behind_a_name(port: str, target: Path, address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_INTERNAL_HOSTS"):
        await fetched(f"http://{host}:{port}/small.wav", target)
    with pytest.raises(AddressNotAllowed, match=r"pbx\.test .* no public address"):
        await fetched(f"http://pbx.test:{port}/small.wav", target, Names(pbx_test=[address]))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(reached(ip_address(address)))


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0", "0x7f.1", "0x7f000001", "0177.0.0.1", "①②⑦.0.0.1"])
async def test_a_loopback_address_is_refused_however_it_is_written(port: str, target: Path, host: str) -> None:
    with pytest.raises((AddressNotAllowed, UnknownAddress)):
        await fetched(f"http://{host}:{port}/small.wav", target)


async def test_the_system_s_own_names_are_checked_like_all_others(port: str, target: Path) -> None:
    with pytest.raises(AddressNotAllowed, match="localhost"):
        await fetched(f"http://localhost:{port}/small.wav", target)
    assert await fetched(f"http://localhost:{port}/small.wav", target, internal_hosts=("localhost",)) == SMALL


@pytest.mark.parametrize("listed", ["pbx.test", "*.test", "127.0.0.1", "127.0.0.0/8", "PBX.test."])
async def test_an_internal_host_that_is_listed_is_fetched_from(port: str, target: Path, listed: str) -> None:
    names = Names(pbx_test=["127.0.0.1"])
    assert await fetched(f"http://pbx.test:{port}/small.wav", target, names, internal_hosts=(listed,)) == SMALL


@pytest.mark.parametrize("listed", ["other.test", "*.pbx.test", "10.0.0.0/8"])
async def test_a_listed_host_or_network_opens_no_other(port: str, target: Path, listed: str) -> None:
    with pytest.raises(AddressNotAllowed):
        await fetched(
            f"http://pbx.test:{port}/small.wav", target, Names(pbx_test=["127.0.0.1"]), internal_hosts=(listed,)
        )


async def test_only_what_was_checked_is_connected_to_and_the_name_is_asked_once(port: str, target: Path) -> None:
    names = Names(pbx_test=["127.0.0.2", "127.0.0.1"])
    uri = f"http://pbx.test:{port}/small.wav"
    with web_server({"small.wav": b"of a server that is not listed"}, host="127.0.0.2", port=int(port)):
        assert await fetched(uri, target, names, internal_hosts=("127.0.0.1",)) == SMALL
    assert names.asked == ["pbx.test"]


async def test_a_listed_name_does_not_open_the_metadata_service(port: str, target: Path) -> None:
    names = Names(pbx_test=["169.254.169.254"])
    with pytest.raises(AddressNotAllowed, match=r"169\.254\.169\.254"):
        await fetched(f"http://pbx.test:{port}/latest", target, names, internal_hosts=("pbx.test",))


METADATA = {
    "169.254.169.254": "169.254.0.0/16",
    "100.100.100.200": "100.64.0.0/10",
    "192.0.0.192": "192.0.0.0/24",
    "168.63.129.16": "168.63.0.0/16",
    "fd00:ec2::254": "fd00::/8",
    "fd20:ce::254": "fc00::/7",
}


@pytest.mark.parametrize("address", METADATA)
def test_a_listed_network_does_not_open_the_metadata_service_in_it(address: str) -> None:
    network = METADATA[address]
    neighbour = ip_address(address) + 1
    listed = Allowlist(FetchSettings(internal_hosts=(network,), hosts=(network,))).guard
    if not ip_address(address).is_link_local:
        assert listed.permitted("pbx.test", [neighbour]) == [neighbour]
    with pytest.raises(AddressNotAllowed, match="no public address"):
        listed.permitted("pbx.test", [ip_address(address)])
    one_by_one = Allowlist(FetchSettings(internal_hosts=(network, address))).guard
    assert one_by_one.permitted("pbx.test", [ip_address(address)]) == [ip_address(address)]


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{port}/small.wav", "http://localhost:{port}/small.wav", "//other.test:{port}/small.wav"]
)
async def test_a_redirect_to_an_address_that_is_not_allowed_is_refused(port: str, target: Path, to: str) -> None:
    names = Names(pbx_test=["127.0.0.1"], other_test=["127.0.0.1"], localhost=["127.0.0.1"])
    uri = f"http://pbx.test:{port}/302/x?to={to.format(port=port)}"
    with pytest.raises(AddressNotAllowed, match="no public address"):
        await fetched(uri, target, names, internal_hosts=("pbx.test",))
    allowed = ("pbx.test", "127.0.0.1")
    assert await fetched(uri, target, names, internal_hosts=allowed) == SMALL


@pytest.mark.parametrize("to", ["file:///etc/passwd", "s3://bucket/key", "memory://a", "https://pbx.test/"])
async def test_a_redirect_leads_to_no_other_scheme(web: str, target: Path, to: str) -> None:
    with pytest.raises(AddressNotAllowed):
        await fetched(
            f"{web}/302/x?to={to}", target, internal_hosts=("127.0.0.1",), schemes=("http", "file", "s3", "memory")
        )


async def test_a_list_of_hosts_closes_all_others_before_their_names_are_asked_for(port: str, target: Path) -> None:
    names = Names(pbx_test=["8.8.8.8"])
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_HOSTS"):
        await fetched(f"http://pbx.test:{port}/small.wav", target, names, hosts=("other.test",))
    assert names.asked == []
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_HOSTS"):
        await fetched(f"http://pbx.test:{port}/small.wav", target, names, hosts=("9.9.9.0/24",))
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_HOSTS"):
        await fetched("http://8.8.8.8/small.wav", target, hosts=("other.test",))
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_HOSTS"):
        await fetched("s3://bucket/key", target, hosts=("other.test",))


async def test_a_listed_host_must_still_be_public(port: str, target: Path) -> None:
    names = Names(pbx_test=["127.0.0.1"])
    uri = f"http://pbx.test:{port}/small.wav"
    with pytest.raises(AddressNotAllowed, match="no public address"):
        await fetched(uri, target, names, hosts=("pbx.test",))
    assert await fetched(uri, target, names, hosts=("other.test",), internal_hosts=("pbx.test",)) == SMALL


@pytest.mark.parametrize("uri", ["memory://a", "ftp://a.example/b", "sftp://a/b", "local:///etc/passwd", "data://,a"])
async def test_a_scheme_that_is_not_listed_is_refused(target: Path, uri: str) -> None:
    with pytest.raises(AddressNotAllowed, match="CALLSIFT_FETCH_SCHEMES"):
        await fetched(uri, target, file_roots=("/",))


async def test_an_unknown_host_name_is_a_transient_error(target: Path) -> None:
    with pytest.raises(RecordingUnreachable):
        await fetched("http://pbx.test/small.wav", target, Names())
