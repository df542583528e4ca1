"""``callsift inspect``: one recording, step by step."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callsift.commands.output import notes, print_json, print_table
from schemas import OneFile, Taxonomy
from schemas.taxonomy import Leaf

if TYPE_CHECKING:
    from callsift.inspection import Inspected


def inspect(
    recording: Annotated[Path, typer.Argument(help="A two-channel recording.", exists=True, dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the events of all stages as JSON.")] = False,
) -> None:
    """Run one recording through the stages in this process, without Kafka, and show what each finds."""
    from agents.audio.settings import AudioSettings  # noqa: PLC0415
    from agents.classify.settings import ClassifySettings  # noqa: PLC0415
    from agents.transcribe.settings import TranscribeSettings  # noqa: PLC0415
    from callsift.inspection import inspect_recording  # noqa: PLC0415
    from callsift.supervisor import DEMO_MODEL  # noqa: PLC0415

    transcribe = TranscribeSettings.read()
    with notes.status("listening …"):
        found = inspect_recording(
            OneFile(uri=str(recording)),
            transcribe.vosk_model or DEMO_MODEL,
            AudioSettings.read(),
            ClassifySettings.read(),
            language=transcribe.language,
            context_s=transcribe.context_s,
        )
    if as_json:
        stages = {"audio": found.audio, "transcribe": found.transcript, "classify": found.classified}
        print_json({stage: event.model_dump(mode="json") for stage, event in stages.items()})
    else:
        _print_call(found)


def _print_call(found: "Inspected") -> None:
    facts, figures, decision = found.audio.recording_facts, found.audio.figures, found.classified.decision
    rows = [
        ["length", f"{facts.duration_s:.1f} s"],
        ["format", f"{facts.codec}, {facts.sample_rate_hz} Hz"],
        ["damaged", f"yes, {facts.lost_s:.1f} s lost" if facts.damaged else "no"],
        *([f"{who} talks", f"{own.talk_s:.1f} s ({own.talk_ratio:.0%})"] for who, own in figures.speakers.items()),
        ["silence", f"{figures.silence_s:.1f} s, longest {figures.longest_silence_s:.1f} s"],
        ["overlap", f"{figures.overlap_s:.1f} s"],
    ]
    print_table("Recording", ["figure", "value"], rows)
    speech = [(who.value, segment) for who, own in found.audio.speech.items() for segment in own]
    ordered = sorted(speech, key=lambda entry: entry[1].start_s)
    print_table("Speech", ["who", "from", "to"], [[who, f"{s.start_s:.2f}", f"{s.end_s:.2f}"] for who, s in ordered])
    turns = [
        [str(number), f"{turn.start_s:.1f}", turn.speaker.value, turn.text, f"{turn.confidence:.0%}"]
        for number, turn in enumerate(found.transcript.turns)
    ]
    print_table("Turns", ["turn", "from", "who", "said", "confidence"], turns)
    taxonomy = Taxonomy.load()
    outcome = [
        ["category", taxonomy.title(Leaf(decision.category, decision.sub_category))],
        ["confidence", f"{decision.confidence:.0%}"],
        ["why", decision.justification],
        ["evidence", "; ".join(f"turn {item.turn}: {item.quote}" for item in decision.evidence)],
        ["classifier", f"{found.classified.classifier} ({found.classified.versions.model})"],
    ]
    print_table("Decision", ["what", "value"], outcome)
