"""``callsift taxonomy preview``: what a draft makes of stored calls, before it is put to use."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.classify.settings import ClassifierName, ClassifySettings
from callsift.commands.costs import confirmed, estimate, spent
from callsift.commands.extras import needs
from callsift.commands.moment_option import moment_option
from callsift.commands.output import harmless, notes, print_json, print_table
from callsift.commands.progress import shown
from callsift.percent import percent
from callsift.running import adopt_running
from callsift.taxonomy_diff import Changes, changes
from schemas import Taxonomy, Usage
from schemas.taxonomy_file import FILE

if TYPE_CHECKING:
    from callsift.stored_calls import Stored
    from callsift.taxonomy_preview import Preview, Previewing

_PLAIN_LINES = 10


def preview(
    draft: Annotated[Path, typer.Argument(help="Folder with the draft, as it would be put to use.")],
    since: Annotated[
        datetime,
        typer.Option(parser=moment_option, help="Calls that ended then or later: a date and time with offset, or 7d."),
    ] = "1d",  # type: ignore[assignment] # Typer has the parser read it
    until: Annotated[
        datetime | None, typer.Option(parser=moment_option, help="Calls that ended earlier, written like --since.")
    ] = None,
    limit: Annotated[
        int, typer.Option(help="Calls at the most, drawn by chance, the same ones each time.", min=1)
    ] = 1000,
    classifier: Annotated[
        ClassifierName | None, typer.Option(help="Instead of the one that the settings choose.")
    ] = None,
    concurrency: Annotated[int, typer.Option(help="Calls that are asked about at once.", min=1)] = 8,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are, and the cost.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a hosted model is paid.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Classify stored calls under a draft, and say which flip. Nothing is published, and nothing stored.

    Says first how many there are, and what a hosted model will cost, and asks. Exit code 1: the draft has no offline
    model that fits, or what is needed is away; 2: it is no taxonomy.
    """
    with needs("all"):
        from callsift.stored_calls import drawn
        from callsift.taxonomy_preview import Previewing
        from store.calls import CallFilter
        from store.settings import StoreSettings

    adopt_running()
    used, new = Taxonomy.load(), Taxonomy.load(draft / FILE)
    settings = ClassifySettings.read(when_away="wait", **({"classifier": classifier} if classifier else {}))
    if settings.chosen == "none":
        raise typer.BadParameter("none decides nothing: name another", param_hint="--classifier")
    changed, work = changes(used, new), Previewing(settings, used, new)
    with notes.status("reading …"):
        found, calls = asyncio.run(drawn(StoreSettings.read(), CallFilter(since, until), limit))
    expected = work.estimated(calls)
    notes.print(f"{len(calls)} of {found} call(s), {estimate(*_sums(expected))}", highlight=False)
    done = None
    if calls and not dry_run and (expected is None or yes or confirmed("Ask about them?")):
        done = _classified(work, calls, concurrency)
    if as_json:
        facts = {"versions": changed.versions, "classifier": settings.chosen, "found": found, "drawn": len(calls)}
        print_json(facts | {"estimate": _paid(expected), "preview": done and _document(done, changed)})
    elif done is not None:
        _print(done, changed)


def _classified(work: "Previewing", calls: "Sequence[Stored]", concurrency: int) -> "Preview":
    with shown(len(calls), _PLAIN_LINES) as steps:
        return asyncio.run(work.preview(calls, concurrency, lambda: steps.done("calls classified")))


def _sums(usage: Usage | None) -> tuple[int, float | None, str | None]:
    if usage is None:
        return 0, None, None
    return usage.prompt_tokens + usage.answer_tokens, usage.cost, usage.currency


def _paid(usage: Usage | None) -> dict[str, object]:
    return dict(zip(("tokens", "cost", "currency"), _sums(usage), strict=True))


def _document(done: "Preview", changed: Changes) -> dict[str, object]:
    flips = [{"before": one.before, "after": one.after, "call_ids": one.call_ids} for one in done.flips]
    return {
        **{name: getattr(done, name) for name in ("classified", "flipped", "labelled", "decided_otherwise", "failed")},
        "uncertain": dict(zip(("before", "after"), done.uncertain, strict=True)),
        "flips": flips,
        "flipped_unnamed": _unnamed(done, changed),
        **_paid(done.usage),
    }


def _unnamed(done: "Preview", changed: Changes) -> int:
    """Return how many calls flip out of leaves that ``callsift taxonomy diff`` does not name."""
    if changed.concerned is None:
        return 0
    return sum(len(one.call_ids) for one in done.flips if one.before not in changed.concerned)


def _print(done: "Preview", changed: Changes) -> None:
    counts = [[one.before, one.after, str(len(one.call_ids))] for one in done.flips]
    each = [[harmless(call_id), one.before, one.after] for one in done.flips for call_id in one.call_ids]
    if done.flips:
        print_table(f"Flips from {changed.versions[0]} to {changed.versions[1]}", ["from", "to", "calls"], counts)
        print_table("Calls that flip", ["call", "from", "to"], each)
    for call_id, problem in done.failed.items():
        notes.print(f"not classified: {harmless(call_id)}: {problem}", markup=False, highlight=False)
    share = percent(done.flipped / done.classified if done.classified else None)
    before, after = done.uncertain
    said = [f"{done.flipped} of {done.classified} call(s) flip ({share}); Uncertain: {before} before, {after} after"]
    if done.usage is not None:
        said.append(f"it took {spent(*_sums(done.usage))}")
    if done.labelled:
        said.append(f"{done.labelled} have the label of a person, which stays when they are classified again")
    if done.decided_otherwise:
        said.append(
            f"{done.decided_otherwise} were decided by another taxonomy, classifier or model than those in use, "
            "and may flip for that"
        )
    if unnamed := _unnamed(done, changed):
        said.append(
            f"{unnamed} flip out of categories that have not changed: classify all calls again, not those alone"
        )
    if changed.keeps_version:
        said.append("the draft has the version of what is in use: raise it, or outcomes cannot be told apart")
    for line in said:
        notes.print(line, highlight=False)
