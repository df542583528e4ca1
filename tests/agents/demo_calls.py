"""The demo recordings, as several stages' tests need them."""

from pathlib import Path

from pydantic import BaseModel

from schemas import FilePerSpeaker, OneFile, Recording, Speaker

DEMO = Path(__file__).parents[2] / "demo"
RECORDINGS = DEMO / "recordings"
SPEECH_MODEL = DEMO / "speech_model" / "model"


class Spoken(BaseModel):
    """One turn that was really spoken."""

    speaker: Speaker
    text: str


class DemoCall(BaseModel):
    """One line of labels.jsonl."""

    name: str
    recording: Recording
    category: str
    sub_category: str | None
    turns: tuple[Spoken, ...]

    def words(self, speaker: Speaker) -> list[str]:
        """Everything that one speaker said."""
        return [word for turn in self.turns if turn.speaker == speaker for word in turn.text.split()]

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the recording's files."""
        match self.recording:
            case OneFile(uri=uri):
                return (uri,)
            case FilePerSpeaker(customer=customer, agent=agent):
                return (customer.uri, agent.uri)

    @property
    def addressed(self) -> Recording:
        """The recording with addresses that can be fetched."""
        match self.recording:
            case OneFile(uri=uri):
                return self.recording.model_copy(update={"uri": (RECORDINGS / uri).as_uri()})
            case FilePerSpeaker(customer=customer, agent=agent):
                legs = {"customer": customer, "agent": agent}
                moved = {
                    who: leg.model_copy(update={"uri": (RECORDINGS / leg.uri).as_uri()}) for who, leg in legs.items()
                }
                return self.recording.model_copy(update=moved)


def demo_calls() -> dict[str, DemoCall]:
    """Every demo call by its name."""
    lines = (RECORDINGS / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return {call.name: call for call in map(DemoCall.model_validate_json, lines)}
