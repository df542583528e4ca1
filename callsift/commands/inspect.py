"""``callsift inspect``: one recording, step by step."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callsift.commands.output import notes, print_json, print_table
from schemas import (
    AnsweredQuestion,
    ChannelLayout,
    FilePerSpeaker,
    OneFile,
    Question,
    Recording,
    RecordingFacts,
    Speaker,
    SpeakerFile,
    SpeechFigures,
    Taxonomy,
)
from schemas.taxonomy import Leaf

if TYPE_CHECKING:
    from callsift.inspection import Inspected

_LAYOUTS: dict[ChannelLayout, str] = {
    "stereo": "stereo, one speaker on each",
    "multichannel": "more than two, one for each speaker",
    "file_per_speaker": "one file for each speaker",
    "mono": "mono: the speakers cannot be told apart",
    "duplicated_mono": "the same mix on both: the speakers cannot be told apart",
}


def inspect(
    recording: Annotated[Path | None, typer.Argument(help="A recording of both sides.")] = None,
    customer: Annotated[Path | None, typer.Option(help="The customer's own file, with --agent.")] = None,
    agent: Annotated[Path | None, typer.Option(help="The agent's own file, with --customer.")] = None,
    customer_offset: Annotated[float, typer.Option(help="Seconds into the call when it starts.", min=0)] = 0.0,
    agent_offset: Annotated[float, typer.Option(help="Seconds into the call when it starts.", min=0)] = 0.0,
    channels: Annotated[
        str | None, typer.Option(help="Channels of customer and agent, counted from 0: 1,0 where the agent is first.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language of the call, where there are several models.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the events of all stages as JSON.")] = False,
) -> None:
    """Run one recording through the stages in this process, without Kafka, and show what each finds."""
    files = _recording(recording, channels, customer, customer_offset, agent, agent_offset)
    from agents.audio.channels import ChannelMissing
    from agents.audio.settings import AudioSettings
    from agents.classify.settings import ClassifySettings
    from agents.transcribe.settings import TranscribeSettings
    from callsift.demo_files import DEMO_MODEL
    from callsift.inspection import inspect_recording

    transcribe = TranscribeSettings.read()
    if transcribe.vosk_model is None and not transcribe.vosk_models:
        transcribe = TranscribeSettings.read(vosk_model=DEMO_MODEL)
    try:
        with notes.status("listening …"):
            found = inspect_recording(files, language, AudioSettings.read(), transcribe, ClassifySettings.read())
    except ChannelMissing as error:
        cure = "Say it with --channels, the customer's first, counted from 0: --channels 1,0"
        raise ChannelMissing(error.message, cure) from None
    if as_json:
        stages = {"audio": found.audio, "transcribe": found.transcript, "classify": found.classified}
        print_json({stage: event.model_dump(mode="json") for stage, event in stages.items()})
    else:
        _print_call(found)


def _recording(
    recording: Path | None,
    channels: str | None,
    customer: Path | None,
    customer_offset: float,
    agent: Path | None,
    agent_offset: float,
) -> Recording:
    for path in (recording, customer, agent):
        if path is not None and not path.is_file():
            raise typer.BadParameter(f"there is no file {path}")
    if recording is not None and customer is None and agent is None:
        try:
            first, second = map(int, (channels or "").split(",")) if channels else (0, 1)
            named = {Speaker.CUSTOMER: first, Speaker.AGENT: second} if channels else None
            return OneFile(uri=str(recording), channels=named)
        except ValueError:
            raise typer.BadParameter("expected two different channels such as 1,0", param_hint="--channels") from None
    if recording is None and customer is not None and agent is not None and channels is None:
        return FilePerSpeaker(
            customer=SpeakerFile(uri=str(customer), offset_s=customer_offset),
            agent=SpeakerFile(uri=str(agent), offset_s=agent_offset),
        )
    raise typer.BadParameter("name one recording, perhaps with --channels, or --customer and --agent")


def _print_call(found: "Inspected") -> None:
    facts, decision = found.audio.recording_facts, found.classified.decision
    print_table("Recording", ["figure", "value"], _facts(facts))
    print_table("Talk", ["figure", "value"], _talk(found.transcript.figures))
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
        *([f"turn {item.turn}", item.quote] for item in decision.evidence),
        ["classifier", f"{found.classified.classifier} ({found.classified.versions.model})"],
    ]
    print_table("Decision", ["what", "value"], outcome)
    if taxonomy.questions:
        print_table("Questions", ["question", "answer", "turn", "said"], _answers(taxonomy, found.classified.answers))


def _answers(taxonomy: Taxonomy, answers: dict[str, AnsweredQuestion] | None) -> list[list[str]]:
    if answers is None:
        return [[question.title(), "not answered by this classifier", "", ""] for question in taxonomy.questions]
    rows = []
    for question in (one for one in taxonomy.questions if one.code in answers):
        answer = answers[question.code]
        said = [(str(item.turn), item.quote) for item in answer.evidence] or [("", "")]
        rows += [[question.title(), _shown(answer, question), turn, quote] for turn, quote in said]
    return rows


def _shown(answer: AnsweredQuestion, question: Question) -> str:
    match answer.value:
        case None:
            return "not said"
        case bool(value):
            return "yes" if value else "no"
        case float(value):
            return f"{value:g} {answer.unit or ''}".strip()
        case value:
            return question.option_title(value)


def _facts(facts: RecordingFacts) -> list[list[str]]:
    rows = [
        ["length", _length(facts.duration_s)],
        ["format", f"{facts.codec}, {facts.sample_rate_hz} Hz"],
        ["channels", _LAYOUTS[facts.channel_layout] if facts.channel_layout else "unknown"],
        ["damaged", f"yes, {_length(facts.lost_s)} lost" if facts.damaged else "no"],
    ]
    for who, own in facts.channels.items():
        said = ["dead channel: silence or faint noise all the time"] if own.dead else []
        said += [f"loudness {own.loudness_lufs:.1f} LUFS"] if own.loudness_lufs is not None else []
        said += [f"peak {own.peak_dbfs:.1f} dBFS"] if own.peak_dbfs is not None else []
        said += [f"{own.clipped_ratio:.2%} of the samples clipped"] if own.clipped_ratio else []
        said += [f"constant part {own.dc_offset:+.3f}"] if abs(own.dc_offset) >= 0.01 else []
        said += [f"{own.bleed_s:.1f} s of the other side heard through, left out"] if own.bleed_s else []
        rows.append([who.value, ", ".join(said)])
    return rows


def _talk(figures: SpeechFigures) -> list[list[str]]:
    rows = [["silence", f"{figures.silence_s:.1f} s, longest {figures.longest_silence_s:.1f} s"]]
    if len(figures.speakers) > 1:
        rows.append(["overlap", f"{figures.overlap_s:.1f} s, {_count(figures.overlaps, 'time')}"])
    for who, own in figures.speakers.items():
        said = [f"{own.talk_s:.1f} s ({own.talk_ratio:.0%}), {_count(own.turns or 0, 'turn')}"]
        said += [f"{own.words_per_minute:.0f} words a minute"] if own.words_per_minute is not None else []
        if own.response_gap_median_s is not None and own.response_gap_p90_s is not None:
            said += [f"answers after {own.response_gap_median_s:.1f} s (median; 90 %: {own.response_gap_p90_s:.1f} s)"]
        said += [f"interrupts {_count(own.interruptions, 'time')}"] if own.interruptions else []
        rows.append([who.value, ", ".join(said)])
    return rows


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" + (f" ({timedelta(seconds=round(seconds))})" if seconds >= 60 else "")
