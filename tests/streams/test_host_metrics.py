"""What a worker shows of its disk and its certificates, as Prometheus would read it."""

import base64
import math
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import certifi
import fsspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from streams import metrics
from streams.host_metrics import folder_of, watch_audio_store, watch_certificates
from streams.settings import AudioStoreSettings, KafkaSettings
from tests.servers.certificates import Certificates, make_certificates

END = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    metrics.AUDIO_STORE_FREE.clear()
    metrics.CERTIFICATE_NOT_AFTER.clear()


@pytest.mark.parametrize(
    "uri",
    [
        "file:///a/b",
        "local:///a/b",
        "file:/a/b",
        "/a/b",
        "a/b",
        "file://a/b",
        "~/b",
        "file:///a b/%20?c#d",
        "file:///ç",
    ],
)
def test_the_folder_is_the_one_that_payloads_go_to(uri: str) -> None:
    _, path = fsspec.core.url_to_fs(uri)
    assert folder_of(uri).absolute() == Path(path)


def free(stage: str) -> float | None:
    return REGISTRY.get_sample_value("callsift_audio_store_free_ratio", {"stage": stage})


def end_s(certificate: str) -> float | None:
    name = "callsift_certificate_not_after_timestamp_seconds"
    return REGISTRY.get_sample_value(name, {"certificate": certificate})


def authorities_end(path: Path) -> datetime | None:
    """Return what is shown of a file of authorities; None: it cannot be read."""
    watch_certificates(KafkaSettings(security_protocol="SSL", ca_file=path))
    end = end_s("ca")
    assert end is not None
    return None if math.isnan(end) else datetime.fromtimestamp(end, UTC)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"), END)


@pytest.mark.parametrize("below", ["", "audio", "not/there/yet"])
def test_a_folders_disk_is_shown_before_the_folder_is_there(below: str, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    watch_audio_store("audio", AudioStoreSettings(uri=(tmp_path / below).as_uri()))
    disk = shutil.disk_usage(tmp_path)
    assert free("audio") == pytest.approx(disk.free / disk.total, abs=0.05)


def test_a_bucket_has_no_disk() -> None:
    watch_audio_store("audio", AudioStoreSettings(uri="s3://bucket/callsift"))
    assert free("audio") is None


def test_a_certificate_that_is_renewed_counts_from_the_next_look_on(tmp_path: Path) -> None:
    first, second = (datetime(year, 1, 1, tzinfo=UTC) for year in (2027, 2028))
    certificates = make_certificates(tmp_path, first)
    kafka = KafkaSettings(security_protocol="SSL", ca_file=certificates.authority)
    watch_certificates(kafka)
    assert end_s("ca") == first.timestamp()
    assert end_s("client") is None  # none is named
    (tmp_path / "renewed").mkdir()
    renewed = make_certificates(tmp_path / "renewed", second).authority
    os.replace(renewed, certificates.authority)  # noqa: PTH105 - as Kubernetes does
    assert end_s("ca") == second.timestamp()
    certificates.authority.unlink()
    assert math.isnan(end_s("ca") or 0)


def test_the_client_ends_with_the_first_of_its_chain_and_the_authorities_with_the_last(tmp_path: Path) -> None:
    dates = [datetime(year, 1, 1, tzinfo=UTC) for year in (2028, 2027, 2029)]
    made = []
    for number, date in enumerate(dates):
        (tmp_path / str(number)).mkdir()
        made.append(make_certificates(tmp_path / str(number), date))
    for name in ("authority", "client"):
        several = b"".join(getattr(one, name).read_bytes() for one in made)
        (tmp_path / f"{name}.pem").write_bytes(several)
    watch_certificates(
        KafkaSettings(
            security_protocol="SSL",
            ca_file=tmp_path / "authority.pem",
            certificate_file=tmp_path / "client.pem",
            key_file=made[0].client_key,
        )
    )
    assert (end_s("client"), end_s("ca")) == (dates[1].timestamp(), dates[2].timestamp())


def test_other_things_in_a_file_of_certificates_are_skipped(certificates: Certificates, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.pem"
    of_openssl = certificates.authority.read_bytes().replace(b" CERTIFICATE", b" TRUSTED CERTIFICATE")
    mixed.write_bytes(b"# a comment\n" + of_openssl + certificates.server.read_bytes())  # with its key
    assert authorities_end(mixed) == END


@pytest.mark.parametrize("year", [1999, 2049, 2050, 2199])
def test_both_ways_to_write_a_time_are_read(year: int, tmp_path: Path) -> None:
    end = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert authorities_end(make_certificates(tmp_path, end).authority) == end


def test_the_authorities_that_browsers_trust_are_read() -> None:
    end = authorities_end(Path(certifi.where()))
    assert end is not None
    assert end.year > 2040


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0), changes=st.dictionaries(st.integers(min_value=0), st.integers(0, 255), max_size=5))
def test_a_spoilt_certificate_is_read_or_shown_as_unreadable(
    certificates: Certificates, tmp_path: Path, cut: int, changes: dict[int, int]
) -> None:
    certificate = x509.load_pem_x509_certificate(certificates.client.read_bytes())
    spoilt = bytearray(certificate.public_bytes(Encoding.DER))
    for place, value in changes.items():
        spoilt[place % len(spoilt)] = value
    shown_end(bytes(spoilt[: cut % (len(spoilt) + 1)]), tmp_path)


def test_a_certificate_of_an_unknown_version_is_shown_as_unreadable(certificates: Certificates, tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(certificates.client.read_bytes())
    version_3, version_4 = bytes.fromhex("a003020102"), bytes.fromhex("a003020103")
    spoilt = certificate.public_bytes(Encoding.DER).replace(version_3, version_4, 1)
    assert shown_end(spoilt, tmp_path) is None


def shown_end(der: bytes, folder: Path) -> datetime | None:
    """Show when a certificate ends, and return it; what cannot be read must not take the other metrics away."""
    path = folder / "spoilt.pem"
    path.write_bytes(b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der) + b"\n-----END CERTIFICATE-----\n")
    return authorities_end(path)


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_shown_as_unreadable(text: str, tmp_path: Path) -> None:
    path = tmp_path / "none.pem"
    path.write_text(text)
    assert authorities_end(path) is None
