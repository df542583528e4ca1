"""``callsift trial``: recordings of one's own through the stages, and a page about them."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table
from callsift.commands.progress import shown
from streams.errors import CallsiftError

if TYPE_CHECKING:
    from callsift.trial.run import Recordings, Tried
    from callsift.trial.sizing import Sizing


def trial(
    folder: Annotated[Path, typer.Argument(help="A folder of recordings.", exists=True, file_okay=False)],
    limit: Annotated[int, typer.Option(help="Recordings to try, spread over the folder.", min=1)] = 20,
    channels: Annotated[
        str | None, typer.Option(help="Channels of customer and agent, counted from 0: 1,0 where the agent is first.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language of the calls, where there are several models.")] = None,
    calls_a_day: Annotated[int, typer.Option(help="Volume to estimate machines and cost for.", min=1)] = 3000,
    page: Annotated[Path | None, typer.Option(help="File to write the page to. Default: trial.html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, without what was said.")] = False,
) -> None:
    """Run recordings of your own through the stages in this process, and say what they are worth (docs/trial.md).

    Exit code 1: a recording cannot be used. Nothing is kept but the page.
    """
    with needs("all"):
        from agents.audio.settings import AudioSettings
        from agents.classify.settings import ClassifySettings
        from agents.transcribe.settings import TranscribeSettings
        from callsift.demo_files import DEMO_MODEL
        from callsift.trial.page import page as made
        from callsift.trial.run import Trial, recordings
        from callsift.trial.sizing import sizing
        from streams.settings import RetentionSettings

        transcribe, classify = TranscribeSettings.read(), ClassifySettings.read()
        demo_model = transcribe.vosk_model is None and not transcribe.vosk_models
        if demo_model:
            transcribe = TranscribeSettings.read(vosk_model=DEMO_MODEL)
        there = recordings(folder, limit)
        if not there.drawn:
            empty = f", and {there.empty} empty" if there.empty else ""
            raise typer.BadParameter(f"there are no recordings in {folder}{empty} (docs/recordings.md)")
        written = page or Path("trial.html")
        if not written.parent.is_dir():
            raise typer.BadParameter(f"there is no folder {written.parent}", param_hint="--page")
        asked = ClassifySettings.read(classifier="gemini", gemini_api_key="not-sent-anywhere", daily_budget=None)
        own = Trial(AudioSettings.read(), transcribe, classify, asked, language=language, channels=_channels(channels))
        if demo_model:
            notes.print("the demo's speech model hears these recordings: it understands nothing but the demo calls")
            notes.print("callsift model fetch fetches a real one; name it in CALLSIFT_VOSK_MODEL")
        with shown(len(there.drawn)) as steps:
            tried = own.of(there.drawn, folder, steps.done)
        kept_days = RetentionSettings.read().audio_store_days
        costs = [one.cost for one in tried if one.cost is not None]
        sizes = sizing(costs, calls_a_day, kept_days) if costs else None
        document = _document(folder, there, tried, sizes, kept_days) | {"currency": classify.currency}
        try:
            written.write_text(made(document, tried, sizes, demo_model=demo_model), encoding="utf-8")
        except OSError as error:
            raise CallsiftError(f"cannot write {written}: {error.strerror}", "Name another file with --page") from None
    _print(document, tried, written, as_json=as_json)
    if any(one.error for one in tried):
        raise typer.Exit(1)


def _channels(said: str | None) -> tuple[int, int] | None:
    if said is None:
        return None
    try:
        customer, agent = map(int, said.split(","))
    except ValueError:
        raise typer.BadParameter("expected two different channels such as 1,0", param_hint="--channels") from None
    if customer == agent or min(customer, agent) < 0:
        raise typer.BadParameter("expected two different channels such as 1,0", param_hint="--channels")
    return customer, agent


def _document(
    folder: Path, there: "Recordings", tried: "list[Tried]", sizes: "Sizing | None", kept_days: float
) -> dict[str, Any]:
    usable = [one.found for one in tried if one.found is not None]
    minutes = sum(found.audio.recording_facts.duration_s for found in usable) / 60
    cpu_s = Counter[str]()
    for found in usable:
        cpu_s.update(found.cpu_s)
    return {
        "folder": folder.resolve().name,
        "in_folder": there.all,
        "empty": there.empty,
        "recordings": len(tried),
        "unusable": len(tried) - len(usable),
        "findings": dict(Counter(finding.what for one in tried for finding in one.findings).most_common()),
        "categories": dict(Counter(_leaf(found.classified.decision) for found in usable).most_common()),
        "speech_model": usable[0].transcript.speech_model if usable else None,
        "classifier": usable[0].classified.classifier if usable else None,
        "minutes": round(minutes, 2),
        "stages": {
            stage: {
                "cpu_s_a_call": round(seconds / len(usable), 3),
                "cpu_s_a_minute": round(seconds / minutes, 3) if minutes else 0.0,
            }
            for stage, seconds in cpu_s.items()
        },
        "kept_days": kept_days,
        "sizing": sizes._asdict() if sizes else None,
        "errors": {one.name: {"message": one.error.message, "cure": one.error.cure} for one in tried if one.error},
    }


def _leaf(decision: Any) -> str:
    return str(decision.sub_category or decision.category)


def _print(document: dict[str, Any], tried: "list[Tried]", written: Path, *, as_json: bool) -> None:
    if document["empty"]:
        notes.print(f"{document['empty']} more are empty: the PBX wrote nothing into them", highlight=False)
    if as_json:
        print_json(document)
    else:
        rows = [
            [
                one.name,
                f"{one.cost.seconds:.0f} s" if one.cost else "",
                _leaf(one.found.classified.decision) if one.found else "cannot be used",
                "; ".join(finding.what for finding in one.findings) if one.found else str(one.error),
            ]
            for one in tried
        ]
        print_table("Trial", ["recording", "length", "category", "what is wrong"], rows)
    notes.print(f"the page is in {written}", markup=False, highlight=False)
