"""What is killed here: the API in front of the whole pipeline, none of which is precomputed."""

import sys
import time
from pathlib import Path
from typing import Any

from callsift.demo_files import DEMO_MODEL
from callsift.embedded import free_port
from callsift.supervisor import answers
from callsift.worker import API, RETRY
from streams.payloads import ClaimCheckStore
from streams.topics import STAGES
from tests.chaos.world import World

_START_LIMIT_S = 120.0
_MAPPING = """
about: The PBX of the trial
takes: body.id
call:
  call_id: text(body.id)
  ended_at: moment(body.ended)
  queue: "'trial'"
  recording: {uri: text(body.file)}
  metadata: {mark: text(body.mark)}
"""


class Front(World):
    """Every stage, the retry mover and the API."""

    names = (*(name for name in STAGES if name != "reprocess"), RETRY, API)

    def __init__(self, folder: Path, seed: int) -> None:
        """Prepare; logs and data go to ``folder``."""
        super().__init__(folder, brokers=1, seed=seed, model_faults=0.0, session_timeout_s=6.0)
        self._listens = f"127.0.0.1:{free_port()}"
        self.address = f"http://{self._listens}"
        """Where the API answers, also after a restart."""
        self.root = folder / "audio"
        """Where the audio store is."""
        self.audio = ClaimCheckStore(self.root.as_uri())
        (folder / "pbx.yaml").write_text(_MAPPING, encoding="utf-8")
        self._sources = folder / "sources.yaml"
        self._sources.write_text(f"webhooks: {{pbx: {{mapping: {folder / 'pbx.yaml'}}}}}\n", encoding="utf-8")

    def wait_until_it_answers(self) -> None:
        """Return when the API answers; raises TimeoutError when it does not."""
        deadline = time.monotonic() + _START_LIMIT_S
        while not answers(f"{self.address}/v1/health"):
            if time.monotonic() > deadline:
                raise TimeoutError("the API does not answer, read its log")
            time.sleep(0.1)

    def command(self, stage: str) -> list[str]:
        """Return what a user would type."""
        return [sys.executable, "-m", "callsift", *([API] if stage == API else ["worker", stage])]

    def variables(self, stage: str) -> dict[str, str]:
        """Return what every worker and the API have in common; the classifier is the offline one."""
        theirs: dict[str, Any] = super().variables(stage)
        own = {name: value for name, value in theirs.items() if name.startswith(("CALLSIFT_KAFKA", "CALLSIFT_MONGO"))}
        return own | {
            "CALLSIFT_API_LISTEN": self._listens,
            "CALLSIFT_API_REQUESTS_PER_MINUTE": "1000000",
            "CALLSIFT_AUDIO_STORE_URI": self.root.as_uri(),
            "CALLSIFT_FETCH_FILE_ROOTS": str(self.root),
            "CALLSIFT_SOURCES_FILE": str(self._sources),
            "CALLSIFT_VOSK_MODEL": str(DEMO_MODEL),
        }
