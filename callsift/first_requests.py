"""Three requests that show the API, as lines to paste."""

from callsift.commands.output import beside_us
from callsift.demo_files import RECORDINGS
from schemas import Taxonomies

_RECORDING = "leaking-washing-machine.wav"


def first_requests(listen: str) -> tuple[str, str, str]:
    """Return lines for a shell that hand a demo call in and ask what became of it, at an API that listens there."""
    base = f"http://{listen}/v1"
    return (
        f"curl -s -H 'Prefer: wait=20' -F recording=@{beside_us(RECORDINGS / _RECORDING)} {base}/calls",
        f"curl -s '{base}/calls?category={Taxonomies.load().default.categories[0].code}&page_size=5'",
        f"curl -s {base}/stats",
    )
