"""When certificates end, against the library that made them."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from streams.certificates import not_after
from tests.servers.certificates import Certificates, make_certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def test_every_certificate_of_a_file_ends_when_its_maker_says(certificates: Certificates, tmp_path: Path) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_bytes(b"a comment\n" + certificates.server.read_bytes() + certificates.authority.read_bytes())
    expected = [found.not_valid_after_utc for found in x509.load_pem_x509_certificates(chain.read_bytes())]
    assert len(expected) == 2
    assert not_after(chain) == expected


@pytest.mark.parametrize("year", [1999, 2049, 2050, 2199])
def test_both_ways_to_write_a_time_are_read(year: int, tmp_path: Path) -> None:
    end = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert not_after(make_certificates(tmp_path, end).client) == [end]


@given(cut=st.integers(min_value=0), changes=st.dictionaries(st.integers(min_value=0), st.integers(0, 255), max_size=5))
def test_what_is_spoilt_is_refused_or_read_and_nothing_else(
    certificates: Certificates, cut: int, changes: dict[int, int]
) -> None:
    certificate = x509.load_pem_x509_certificate(certificates.client.read_bytes())
    spoilt = bytearray(certificate.public_bytes(Encoding.DER))
    for place, value in changes.items():
        spoilt[place % len(spoilt)] = value
    body = base64.b64encode(bytes(spoilt[: cut % (len(spoilt) + 1)]))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spoilt.pem"
        path.write_bytes(b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n")
        try:
            [end] = not_after(path)
        except ValueError as refusal:
            assert "certificate" in str(refusal)
        else:
            assert end.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "none.pem"
    path.write_text(text)
    with pytest.raises(ValueError, match="certificate"):
        not_after(path)
