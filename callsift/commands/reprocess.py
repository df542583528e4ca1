"""``callsift reprocess``: classifies stored calls again."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from callsift.commands.costs import confirmed, estimate
from callsift.commands.moment_option import moment_option
from callsift.commands.output import notes, print_json
from callsift.running import adopt_running
from schemas import Leaf, Taxonomies
from streams.settings import AudioStoreSettings, KafkaSettings

if TYPE_CHECKING:
    from callsift.reprocessing import Plan


def _category(code: str | None) -> Leaf | None:
    if code is None:
        return None
    known = Taxonomies.load().codes
    if code not in known:
        raise typer.BadParameter(f"expected one of {', '.join(known)}")
    return known[code]


def reprocess(
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=moment_option,
            help="Calls that ended then or later: 2026-11-22T09:00+03:00, or 7d for so long ago.",
        ),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(parser=moment_option, help="Calls that ended earlier, written like --since.")
    ] = None,
    category: Annotated[str | None, typer.Option(help="Calls with this category or sub-category now, by code.")] = None,
    provisional: Annotated[
        bool, typer.Option("--provisional", help="Only calls decided offline while the hosted model was away.")
    ] = False,
    supersede_labels: Annotated[
        bool,
        typer.Option(
            "--supersede-labels",
            help="Let the answer replace the labels that people have given; otherwise it stands beside them.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are, and the cost.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Classify stored calls again with today's taxonomy, prompt and model, in a lane that delays no live call.

    Says first how many there are and what they will cost, and asks. Calls that today's versions have decided are left
    out. `callsift worker reprocess` does the work; each outcome that comes of it is the call's next revision.
    """
    from agents.classify.settings import ClassifySettings
    from callsift.reprocessing import Reprocessing
    from store.calls import CallFilter
    from store.settings import StoreSettings

    adopt_running()
    chosen = CallFilter(since, until, _category(category), provisional)
    classify = ClassifySettings.read(when_away="wait")
    places = StoreSettings.read(), KafkaSettings.read(), AudioStoreSettings.read()
    work = Reprocessing(chosen, classify, *places, supersede_labels=supersede_labels)
    with notes.status("counting …"):
        plan = asyncio.run(work.plan())
    _say(plan)
    published = 0
    if not dry_run and plan.calls and (yes or confirmed("Classify them again?")):
        with Progress(console=notes, transient=True) as bar:
            task = bar.add_task("publishing", total=plan.calls)
            published = asyncio.run(work.publish(lambda done: bar.update(task, completed=done.calls)))
        notes.print(f"{published} call(s) are in the lane; `callsift status` shows its lag")
    if as_json:
        print_json(vars(plan) | {"published": published})


def _say(plan: "Plan") -> None:
    notes.print(
        f"{plan.calls} call(s) to classify again, {plan.up_to_date} decided by today's versions already; "
        f"{estimate(plan.tokens, plan.cost, plan.currency)}",
        highlight=False,
    )
    if plan.labelled:
        notes.print(f"the labels of {plan.labelled} of them are replaced", highlight=False)
