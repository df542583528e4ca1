"""The waveform of a call, as players read it."""

import struct

import httpx
import numpy as np
import pytest

from api.services import Services
from tests.api.recordings.conftest import ADDRESS, SECONDS, given_call

pytestmark = pytest.mark.integration


@pytest.mark.usefixtures("call")
async def test_both_forms_say_the_same_as_the_specification_reads_them(client: httpx.AsyncClient) -> None:
    json, dat = [await client.get(f"{ADDRESS}/peaks", params={"form": form}) for form in ("json", "dat")]
    said = json.json()
    data = said.pop("data")
    length = round(SECONDS * 20)
    assert said == {
        "version": 2,
        "channels": 2,
        "sample_rate": 16_000,
        "samples_per_pixel": 800,
        "bits": 8,
        "length": length,
    }
    assert struct.unpack_from("<iIiiIi", dat.content) == (2, 1, 16_000, 800, length, 2)
    assert np.frombuffer(dat.content[24:], np.int8).tolist() == data
    assert len(data) == length * 2 * 2
    assert json.headers["etag"] != dat.headers["etag"]
    assert json.headers["cache-control"] == dat.headers["cache-control"] == "private, no-store"
    tones = np.array(data).reshape(length, 2, 2)[1:-1]
    assert np.abs(tones[:, :, 0] + 64).max() <= 2  # half of full scale, down and up
    assert np.abs(tones[:, :, 1] - 64).max() <= 2


async def test_a_call_from_before_peaks_were_made_says_so(
    client: httpx.AsyncClient, services: Services, made: tuple[bytes, bytes]
) -> None:
    await given_call(services, made[0], None)
    answer = await client.get(f"{ADDRESS}/peaks")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "no peaks" in answer.json()["detail"]
