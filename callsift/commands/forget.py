"""``callsift forget`` and ``callsift hold``: what a data protection officer asks for."""

import asyncio
import getpass
import json
import os
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter

from callsift.commands.output import harmless, notes, print_json, results
from callsift.running import adopt_running
from streams.errors import CallsiftError
from streams.settings import AudioStoreSettings, KafkaSettings, PrivacySettings

if TYPE_CHECKING:
    from streams.callers import CallerSearch

Calls = Annotated[list[str] | None, typer.Option("--call", metavar="ID", help="Identifier of a call; may be repeated.")]
By = Annotated[str | None, typer.Option(help="Who asks for it, for the record. Default: the user of this machine.")]


def forget(
    call: Calls = None,
    caller: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="All calls of this telephone number, however it is written.")
    ] = None,
    by: By = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for what workers have in work.")] = 30.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what there is.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget calls: document, audio, waiting messages, and a tombstone on calls.outcomes. They stay forgotten.

    Prints a certificate as JSON: what was removed where, and what could not be reached. Exits with 1 if a call is on
    hold, and then nothing is forgotten; or if messages still wait after --wait seconds: run it again then.
    """
    from callsift.forgetting import Certificate, Forgetting, FoundCall
    from store.settings import StoreSettings
    from streams.payloads import ClaimCheckStore

    if not call and caller is None:
        raise typer.BadParameter("say which: --call or --caller")
    adopt_running()
    work = Forgetting(KafkaSettings.read(), StoreSettings.read(), ClaimCheckStore(AudioStoreSettings.read().uri))
    call_ids, hashed = set(call or ()), None
    if caller is not None:
        search, hashed = _search(caller)
        with notes.status("looking for the caller …"):
            call_ids.update(work.calls_of(search))
    with notes.status("looking …"):
        found = work.look(call_ids)
    for one in found:
        shown = f"{one.call_id}: {'document' if one.document else 'no document'}, {len(one.files)} file(s), "
        shown += f"{len(one.dead_letters)} dead letter(s), {len(one.waiting)} waiting message(s), {one.labels} label(s)"
        notes.out(harmless(shown), highlight=False)
    notes.print(f"{len(found)} call(s)", highlight=False)
    if dry_run or not found:
        print_json(TypeAdapter(list[FoundCall]).dump_python(found, mode="json"))
        return
    if not (yes or _confirmed()):
        return
    who = by or _user()
    with notes.status("forgetting …"):
        certificate = work.forget(found, who, hashed, wait)
    about = {"by": who, "at": certificate.at.isoformat(), "caller": hashed, "calls": sorted(call_ids)}
    notes.out(json.dumps({"audit": "callsift forget"} | about), highlight=False)
    print_json(TypeAdapter(Certificate).dump_python(certificate, mode="json"))
    if not certificate.complete:
        notes.print("messages still wait, and are dropped when their turn comes; run it again then", highlight=False)
        raise typer.Exit(1)


def hold(
    call: Calls = None,
    reason: Annotated[
        str | None, typer.Option(help="Why the calls may not be forgotten; `callsift forget` says it.")
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="End the hold instead.")] = False,
    by: By = None,
) -> None:
    """Put calls on hold: `callsift forget` refuses them, and `callsift retention run` keeps their documents."""
    from store.database import Database
    from store.forgetting import ForgettingStore
    from store.settings import StoreSettings

    if not call or (reason is None) != release:
        raise typer.BadParameter("say which calls with --call, and either --reason or --release")
    adopt_running()

    async def marked() -> list[str]:
        with closing(ForgettingStore(Database(StoreSettings.read()))) as documents:
            now, who = datetime.now(UTC), by or _user()
            done = {
                one: await (documents.release(one) if reason is None else documents.hold(one, reason, who, now))
                for one in call
            }
            return [one for one, is_done in done.items() if not is_done]

    if missing := asyncio.run(marked()):
        raise CallsiftError(
            f"there is no document of {harmless(', '.join(missing))}",
            "Wait until the call has its outcome, then hold it",
        )
    results.out(f"{len(call)} call(s) {'released' if release else 'on hold'}", highlight=False)


def _search(caller: str) -> "tuple[CallerSearch, str | None]":
    from streams.callers import caller_search

    privacy = PrivacySettings.read()
    try:
        search = caller_search(caller, privacy)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if privacy.caller == "drop":
        notes.print(
            "CALLSIFT_PRIVACY_CALLER=drop: calls that came under this setting have no number, and cannot be found by "
            "one; name them with --call",
            highlight=False,
        )
    return search, search.hashed[0] if search.hashed else None


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask on: add --yes or --dry-run")
    return typer.confirm("Forget them? This cannot be undone.", err=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user that has no name
        return f"uid {os.getuid()}"
