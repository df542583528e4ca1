"""The demo's recordings and its speech model: in a checkout beside this package, in an installed one within.

Images have nothing of it but the test call.
"""

from pathlib import Path

_HERE = Path(__file__).parent
_DEMO = next((place for place in (_HERE / "demo", _HERE.parent / "demo") if place.is_dir()), _HERE / "demo")
RECORDINGS = _DEMO / "recordings"
DEMO_MODEL = _DEMO / "speech_model" / "model"
TEST_CALL = RECORDINGS / "what-does-installing-cost.ogg"
"""A short call that shows whether an installation works."""
