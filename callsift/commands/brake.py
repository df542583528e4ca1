"""``callsift brake``: lists the stages' brakes, applies one by hand, or releases it."""

from typing import Annotated

import typer

from callsift.commands.output import notes, print_json, print_table
from callsift.running import adopt_running
from streams.settings import KafkaSettings
from streams.topics import STAGES

app = typer.Typer(help="Stages that stopped because nearly everything was invalid.", no_args_is_help=True)


def _known(stage: str) -> str:
    if stage not in STAGES:
        raise typer.BadParameter(f"expected one of {', '.join(STAGES)}")
    return stage


StageArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(STAGES)}.", callback=_known)]


@app.command("list")
def list_brakes(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List every stage whose brake was ever applied, and whether it still is."""
    from streams.kafka import notices

    adopt_running()
    found = notices(KafkaSettings.read())
    if as_json:
        print_json([notice.model_dump(mode="json") for notice in found.values()])
        return
    rows = [
        [notice.stage, "applied" if notice.applied else "released", f"{notice.at:%Y-%m-%d %H:%M:%S%z}", notice.reason]
        for notice in found.values()
    ]
    print_table("Brakes", ["stage", "brake", "since", "reason"], rows)


@app.command()
def apply(
    stage: StageArgument,
    reason: Annotated[str, typer.Option(help="Why; shown by `callsift brake list`.")] = "applied by hand",
) -> None:
    """Stop a stage by hand: its workers finish what they have in work and take nothing more."""
    _set(stage, applied=True, reason=reason)


@app.command()
def release(
    stage: StageArgument,
    reason: Annotated[str, typer.Option(help="What was mended; kept with the brake.")] = "released by hand",
) -> None:
    """Let a stage go on, after its dead letters were read and the cause was mended."""
    _set(stage, applied=False, reason=reason)


def _set(stage: str, *, applied: bool, reason: str) -> None:
    from streams.kafka import publish_notice

    adopt_running()
    publish_notice(KafkaSettings.read(), stage, applied=applied, reason=reason)
    notes.print(f"brake of {stage} {'applied' if applied else 'released'}; its workers follow within seconds")
