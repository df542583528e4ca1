"""The demo recordings, as several stages' tests need them."""

from callsift.demo_files import DEMO_MODEL as SPEECH_MODEL
from callsift.demo_files import RECORDINGS
from callsift.demonstration import Label, read_labels
from schemas import Recording, Speaker

__all__ = ["RECORDINGS", "SPEECH_MODEL", "DemoCall", "demo_calls"]


class DemoCall(Label):
    """A demo call with what was really said."""

    def words(self, speaker: Speaker) -> list[str]:
        """Everything that one speaker said."""
        return [word for turn in self.turns if turn.speaker == speaker for word in turn.text.split()]

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the recording's files."""
        return self.recording.uris

    @property
    def addressed(self) -> Recording:
        """The recording with addresses that can be fetched."""
        return self.recording.moved(lambda name: (RECORDINGS / name).as_uri())


def demo_calls() -> dict[str, DemoCall]:
    """Every demo call by its name."""
    return {label.name: DemoCall(**dict(label)) for label in read_labels()}
