"""Calls whose sound is in the audio store, as the audio stage leaves them."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from agents.audio.core import prepare
from agents.audio.prepared import AudioOptions
from api.services import Services
from schemas import OneFile
from store.calls import OutcomeStore
from streams.payloads import PREPARED
from tests.agents.audio.sounds import both, tone, write_wav
from tests.store.outcomes import done

CALL_ID = "çağrı 1"
ADDRESS = "/v1/calls/%C3%A7a%C4%9Fr%C4%B1%201/recording"
CUSTOMER_HZ, AGENT_HZ, SECONDS = 1000, 440, 9.0


def sound(folder: Path) -> tuple[bytes, bytes]:
    """Return the prepared audio of a call, a tone on each channel, and its peaks."""
    wav = write_wav(folder / "call.wav", both(tone(CUSTOMER_HZ, SECONDS), tone(AGENT_HZ, SECONDS)))
    flac = folder / "call.flac"
    prepared = prepare(OneFile(uri="a"), {"a": wav}, flac, AudioOptions(None, 0.5, 0.3))
    return flac.read_bytes(), prepared.peaks


async def given_call(services: Services, flac: bytes, peaks: bytes | None, call_id: str = CALL_ID) -> str:
    """Store a call with an outcome and prepared audio; return the audio's name."""
    await OutcomeStore(services.database).save(done("outcome-1", call_id))
    name = PREPARED.of_call(call_id, f"-{hashlib.sha256(flac).hexdigest()[:32]}")
    services.audio.put(f"{name}.flac", flac)
    if peaks is not None:
        services.audio.put(f"{name}.dat", peaks)
    return f"{name}.flac"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Return prepared audio and its peaks."""
    flac, peaks = sound(tmp_path_factory.mktemp("sound"))
    assert np.frombuffer(peaks[24:], np.int8).any()
    return flac, peaks


@pytest.fixture
async def call(services: Services, made: tuple[bytes, bytes]) -> str:
    """Store a call; return the name of its prepared audio."""
    return await given_call(services, *made)
