"""A world with a real audio stage for what is hostile in a recording, and a model that answers oddly."""

import json
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from callsift.stages import make_agent
from callsift.worker import work
from schemas import AudioReady, CallEnded
from streams.payloads.claim_check import ClaimCheckStore
from streams.processing.agent import Agent
from tests.agents.audio.sounds import both, tone, write_wav
from tests.agents.audio.test_channels import two_streams
from tests.chaos import worker
from tests.chaos.world import World
from tests.hostile.messages import PRECOMPUTED
from tests.servers.gemini import PLAUSIBLE, Reply, answered, said

_ANSWER = json.dumps(PLAUSIBLE, ensure_ascii=False)
_INSIGHTS: dict[str, Any] = json.loads(_ANSWER)["insights"]
ANSWERS = (
    answered(),
    said(f"```json\n{_ANSWER}\n```"),
    said(f"\ufeff{_ANSWER}"),
    said(f"{_ANSWER}\n{_ANSWER}"),
    said(f"{_ANSWER}\nI hope that helps."),
    said(_ANSWER, "MAX_TOKENS"),
    said(_ANSWER, "SOMETHING_NEW"),
    answered(insights=_INSIGHTS | {"brand": "null", "fault": "", "price_quoted": "450 TL", "price_currency": "₺"}),
    answered(insights=_INSIGHTS | {"urgency": "yesterday"}),
)
"""What models really say, each of which decides the call: none is asked for twice."""


class HostileWorld(World):
    """Everything that runs, with recordings in a folder and every stage's real code but for the recognition."""

    def __init__(self, folder: Path, **options: Any) -> None:
        """Write the recordings; ``options`` are the world's."""
        super().__init__(folder, **options)
        self._audio_store = folder / "audio-store"
        self._recordings = folder / "recordings"
        self._recordings.mkdir()
        write_recordings(self._recordings)
        self._answers = cycle(ANSWERS)

    @property
    def recordings(self) -> str:
        """The address of the folder with the recordings."""
        return self._recordings.as_uri()

    def command(self, stage: str) -> list[str]:
        """Return what a worker is started with."""
        return [sys.executable, "-m", "tests.hostile.world", stage] if stage == "audio" else super().command(stage)

    def variables(self, stage: str) -> dict[str, str]:
        """Return what a worker's environment has besides."""
        own = {
            "CALLSIFT_AUDIO_STORE_URI": self._audio_store.as_uri(),
            "CALLSIFT_FETCH_FILE_ROOTS": str(self._recordings),
        }
        return super().variables(stage) | own

    def _model_answer(self) -> Reply:
        return next(self._answers)


def write_recordings(folder: Path) -> None:
    """Write what the messages name (tests/hostile/messages.py)."""
    speech = both(tone(440, 3), tone(1000, 3))
    one = write_wav(folder / "one-after-another.wav", speech)
    one.write_bytes(one.read_bytes() * 2)
    soundfile.write(folder / "call.ulaw", tone(440, 3).T, 8000, subtype="ULAW", format="RAW")
    two_streams(folder / "legs.mkv", tone(440, 3), tone(1000, 3))
    write_wav(folder / "quiet.wav", speech * np.float32(0.02))
    write_wav(folder / "1-hz.wav", np.zeros((1, 500_000), np.float32), 1)
    (folder / "list.wav").write_text("ffconcat version 1.0\nfile quiet.wav\n")
    soundfile.write(folder / "8-channels.flac", np.tile(tone(440, 3), (8, 1)).T, 8000)


class HostileAudio(Agent[CallEnded]):
    """The real stage for what names a recording of its own; the others are precomputed."""

    def __init__(self, store: ClaimCheckStore) -> None:
        """Make both."""
        self._real: Agent[CallEnded] = make_agent("audio", store)
        self._precomputed = worker.PrecomputedAudio()

    async def start(self) -> None:
        """Start the real one."""
        await self._real.start()

    async def stop(self) -> None:
        """Stop the real one."""
        await self._real.stop()

    async def work(self, call: CallEnded) -> AudioReady:
        """Prepare the call's audio."""
        assert call.recording is not None
        agent = self._precomputed if PRECOMPUTED in call.recording.uris else self._real
        prepared = await agent.work(call)
        assert isinstance(prepared, AudioReady)
        return prepared


if __name__ == "__main__":
    work(sys.argv[1], lambda _, store: HostileAudio(store))
