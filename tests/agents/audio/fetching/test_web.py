"""Fetching by http and https: redirects, limits, resumption, credentials and certificates."""

import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import botocore.session
import pytest
from botocore.config import Config

from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching import Fetcher, RecordingRefused, RecordingUnreachable
from streams.errors import SettingsError
from tests.agents.audio.fetching.fetched import SMALL, Names
from tests.agents.audio.fetching.fetched import fetched as fetched_with
from tests.agents.audio.fetching.web import TOKEN, web_server
from tests.servers.certificates import KEY_PASSWORD, Certificates, make_certificates

fetched = partial(fetched_with, internal_hosts=("127.0.0.0/8",))


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with web_server({"small.wav": SMALL}) as address:
        yield address


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(web: str, target: Path, status: int) -> None:
    assert await fetched(f"{web}/{status}/x?to={web}/small.wav", target) == SMALL


RAW = [
    "target/a%2Fb%3Ac%40d%27e%7Ef%20g",
    "target/a%2fb%7e?X-Amz-Signature=ab%2Fcd%3D&X-Amz-Credential=a%2F20261128%2Feu&v=1+2",
    "target/a;b=c,d!$&'()*+~?q=%e4%bd&empty=&x",
    "target/./a/../b//c",
    "target/%41%5A%5a?%41=%41",
]
"""Targets that are right as they stand, and that libraries like to write otherwise: a signature is over the bytes."""


@pytest.mark.parametrize("raw", RAW)
async def test_an_address_is_sent_exactly_as_it_was_given(web: str, target: Path, raw: str) -> None:
    assert await fetched(f"{web}/{raw}", target) == f"RIFF/{raw}".encode()
    assert await fetched(f"{web}/{raw}#part", target) == f"RIFF/{raw}".encode()


@pytest.mark.parametrize(
    ("form", "raw"),
    [("{web}/{raw}", raw) for raw in RAW]
    # without a host it has its dots resolved first, as RFC 3986 wants
    + [(form, raw) for form in ("/{raw}", "//{host}/{raw}") for raw in RAW if "/../" not in raw],
)
async def test_so_is_the_address_that_a_redirect_names(web: str, target: Path, form: str, raw: str) -> None:
    location = quote(form.format(web=web, raw=raw, host=web.partition("//")[2]), safe="")
    assert await fetched(f"{web}/302/x?to={location}", target) == f"RIFF/{raw}".encode()


@pytest.mark.parametrize("location", ["../target/a%2fb%7E?s=%2f", "/target/x?s=a%2Fb%3d#part"])
async def test_a_redirect_may_name_a_part_of_an_address(web: str, target: Path, location: str) -> None:
    expected = f"/target/{location.partition('target/')[2].partition('#')[0]}"
    assert await fetched(f"{web}/302/x?to={quote(location, safe='')}", target) == f"RIFF{expected}".encode()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("hops", [0, 2])
async def test_an_address_that_a_bucket_s_own_client_has_signed_arrives_as_it_was_signed(
    web: str, target: Path, version: str, hops: int
) -> None:
    client = botocore.session.get_session().create_client(
        "s3",
        endpoint_url=web,
        region_name="eu-central-1",
        aws_access_key_id="AKIA/+=",
        aws_secret_access_key="secret",
        aws_session_token="a/b+c==:~",
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )
    wanted = {
        "Bucket": "target",
        "Key": "2026/çağrı 1:a@b'c~d+e%2Ff (1)*.wav",
        "ResponseContentType": "audio/x-wav; a=b",
    }
    signed = client.generate_presigned_url("get_object", Params=wanted)
    address = signed
    for _ in range(hops):
        address = f"{web}/307/x?to={quote(address, safe='')}"
    assert await fetched(address, target) == b"RIFF" + signed.removeprefix(web).encode()


async def test_what_no_request_line_may_hold_is_quoted(web: str, target: Path) -> None:
    assert await fetched(f"{web}/target/çağrı 1.wav\r\nX-Evil: 1", target) == (
        b"RIFF/target/%C3%A7a%C4%9Fr%C4%B1%201.wav%0D%0AX-Evil:%201"
    )


async def test_redirects_are_followed_five_times_at_most(web: str, target: Path) -> None:
    assert await fetched(f"{web}/hops-5/small.wav", target) == SMALL
    with pytest.raises(RecordingRefused, match="more than 5 redirects"):
        await fetched(f"{web}/hops-6/small.wav", target)


async def test_a_server_that_falls_silent_is_given_up(web: str, target: Path) -> None:
    with pytest.raises(RecordingUnreachable, match=r"nothing came for 0\.3 s"):
        await fetched(f"{web}/stalls/small.wav", target, idle_limit_s=0.3)


async def test_a_server_that_drips_is_given_up(web: str, target: Path) -> None:
    with pytest.raises(RecordingUnreachable, match=r"not whole after 0\.5 s.*CALLSIFT_FETCH_TIME_LIMIT_S"):
        await fetched(f"{web}/drips/small.wav", target, idle_limit_s=0.4, time_limit_s=0.5)


async def test_a_broken_transfer_is_resumed(web: str, target: Path) -> None:
    assert await fetched(f"{web}/resumes/small.wav", target) == SMALL


async def test_a_recording_that_changed_meanwhile_is_fetched_from_the_start(web: str, target: Path) -> None:
    assert await fetched(f"{web}/changes/small.wav", target) == SMALL[::-1]


async def test_two_recordings_are_never_patched_together(web: str, target: Path) -> None:
    with pytest.raises(RecordingRefused, match="the rest belongs to another recording"):
        await fetched(f"{web}/confuses/small.wav", target)


async def test_a_header_is_sent_to_its_own_origin_alone(web: str, target: Path) -> None:
    port = web.rsplit(":", 1)[1]
    ask = partial(fetched, target=target, names=Names(pbx_test=["127.0.0.1"], other_test=["127.0.0.1"]))
    headers = {f"http://PBX.test:{port}/": {"authorization": TOKEN}}
    pbx, other = f"http://pbx.test:{port}", f"http://other.test:{port}"
    assert await ask(f"{pbx}/token/small.wav", headers=headers) == SMALL
    assert await ask(f"{pbx}/302/x?to=/token/small.wav", headers=headers) == SMALL
    assert await ask(f"{other}/302/x?to={pbx}/token/small.wav", headers=headers) == SMALL
    assert await ask(f"{pbx}/302/x?to={other}/no-token/small.wav", headers=headers) == SMALL
    with pytest.raises(RecordingRefused, match="status 401"):
        await ask(f"{other}/token/small.wav", headers=headers)


async def test_a_configured_header_replaces_the_credentials_of_the_address(web: str, target: Path) -> None:
    named = web.replace("://", "://pbx:hunter2@")
    assert await fetched(f"{named}/token/small.wav", target, headers={web: {"Authorization": TOKEN}}) == SMALL


async def test_credentials_of_the_address_stay_with_its_host(web: str, target: Path) -> None:
    named, port = web.replace("://", "://pbx:hunter2@"), web.rsplit(":", 1)[1]
    with pytest.raises(RecordingRefused, match="status 401"):
        await fetched(f"{named}/no-token/small.wav", target)
    elsewhere = f"{named}/302/x?to=http://other.test:{port}/no-token/small.wav"
    assert await fetched(elsewhere, target, Names(other_test=["127.0.0.1"])) == SMALL


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(certificates: Certificates) -> Iterator[str]:
    """A web server that wants to see a client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    context.load_verify_locations(certificates.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    with web_server({"small.wav": SMALL}, context) as address:
        yield address


async def test_a_client_certificate_opens_its_origin(secure: str, certificates: Certificates, target: Path) -> None:
    client = {
        "ca_file": certificates.authority,
        "certificate_file": certificates.client,
        "key_file": certificates.client_key,
        "key_password": KEY_PASSWORD,
    }
    assert await fetched(f"{secure}/small.wav", target, tls={secure: client}) == SMALL
    with pytest.raises(RecordingUnreachable):
        await fetched(f"{secure}/small.wav", target, tls={secure: {"ca_file": certificates.authority}})


async def test_a_stranger_s_certificate_is_not_trusted(secure: str, target: Path) -> None:
    with pytest.raises(RecordingUnreachable, match="not trusted: self-signed certificate in certificate chain"):
        await fetched(f"{secure}/small.wav", target)


def test_a_key_that_does_not_open_stops_the_start(certificates: Certificates) -> None:
    tls = {"certificate_file": certificates.client, "key_file": certificates.client_key, "key_password": "wrong"}
    with pytest.raises(SettingsError, match="CALLSIFT_FETCH_TLS") as refused:
        Fetcher(FetchSettings.model_validate({"tls": {"https://pbx.test": tls}}))
    assert "wrong" not in str(refused.value)
