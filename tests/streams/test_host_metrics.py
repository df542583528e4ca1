"""What a worker shows of its disk and its certificates, as Prometheus would read it."""

import math
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from streams import metrics
from streams.host_metrics import watch_audio_store, watch_certificates
from streams.settings import AudioStoreSettings, KafkaSettings
from tests.servers.certificates import make_certificates


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    metrics.AUDIO_STORE_FREE.clear()
    metrics.CERTIFICATE_NOT_AFTER.clear()


def free(stage: str) -> float | None:
    return REGISTRY.get_sample_value("callsift_audio_store_free_ratio", {"stage": stage})


def end_s(certificate: str) -> float | None:
    name = "callsift_certificate_not_after_timestamp_seconds"
    return REGISTRY.get_sample_value(name, {"certificate": certificate})


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
