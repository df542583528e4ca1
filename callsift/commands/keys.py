"""``callsift keys``: who may ask the API, and what for."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from callsift.commands.extras import needs
from callsift.commands.output import notes, print_json, print_table, results
from callsift.running import adopt_running
from streams.errors import CallsiftError

if TYPE_CHECKING:
    from store.api_keys import ApiKey, ApiKeyStore

app = typer.Typer(help="Keys of the HTTP API.", no_args_is_help=True)
_T = TypeVar("_T")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def keys() -> None:
    """Keys of the HTTP API: with the first one, whoever asks needs one (docs/api.md)."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for; the audit names it.")],
    role: Annotated[str, typer.Option(help="ingest, viewer, reviewer, operator or admin.")] = "viewer",
    queue: Annotated[list[str] | None, typer.Option(help="Only calls of this queue; several: of any of them.")] = None,
    agent: Annotated[list[str] | None, typer.Option(help="Only calls of this agent; several: of any of them.")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only calls whose metadata say this.")
    ] = None,
    listen: Annotated[bool, typer.Option("--listen", help="May hear recordings.")] = False,
    see_number: Annotated[bool, typer.Option("--see-number", help="May see callers' numbers.")] = False,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="When it ends (UTC).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it: the only time that anybody sees it."""
    with needs("api"):
        from api.access.keys import new_key
        from api.access.principal import Right, Role, Scope
    if role not in list(Role):
        raise typer.BadParameter(f"expected one of {', '.join(Role)}", param_hint="--role")
    now, ends = datetime.now(UTC), expires and expires.replace(tzinfo=UTC)
    if ends is not None and ends <= now:
        raise typer.BadParameter("expected a moment to come", param_hint="--expires")
    try:
        scope = Scope(_any_of(queue), _any_of(agent), _metadata(metadata or []))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--metadata") from None
    rights = frozenset([Right.LISTEN] * listen + [Right.SEE_NUMBER] * see_number)
    key, text = new_key(name, Role(role), rights, scope, now, ends)
    _with_store(lambda store: store.add(key))
    if as_json:
        print_json(key.model_dump(mode="json") | {"key": text})
    else:
        results.out(text, highlight=False)
        notes.print(f"key {key.id} is made. Keep it now: it is shown this once", highlight=False)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List all keys, oldest first, without their secrets."""
    found = _with_store(lambda store: store.all())
    if as_json:
        print_json([key.model_dump(mode="json") for key in found])
        return
    columns = ("id", "name", "role", "scope", "created", "last used", "state")
    print_table("API keys", columns, [_row(key) for key in found])


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="As `callsift keys list` shows it.")]) -> None:
    """Have a key open nothing any more; every API process knows within 5 seconds."""
    if not _with_store(lambda store: store.revoke(key_id, datetime.now(UTC))):
        raise CallsiftError(f"there is no key {key_id!r} that is not revoked", "Look it up: callsift keys list")
    notes.print(f"key {key_id} is revoked", highlight=False)


def _any_of(given: list[str] | None) -> frozenset[str] | None:
    return frozenset(given) if given else None


def _metadata(given: list[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"expected KEY=VALUE, found {pair!r}")
        found[key] = found.get(key, frozenset()) | {value}
    return found


def _row(key: "ApiKey") -> tuple[str, ...]:
    ends = "revoked" if key.revoked_at else "valid" if key.is_valid(datetime.now(UTC)) else "over"
    scope = [f"queue={queue}" for queue in key.queues or ()] + [f"agent={agent}" for agent in key.agents or ()]
    scope += [f"{field}={value}" for field, values in key.metadata.items() for value in values]
    role = " + ".join([key.role, *key.rights])
    used = key.last_used_at.isoformat(timespec="minutes") if key.last_used_at else "never"
    return (key.id, key.name, role, ", ".join(scope) or "all", key.created_at.isoformat(timespec="minutes"), used, ends)


def _with_store(do: "Callable[[ApiKeyStore], Awaitable[_T]]") -> _T:
    adopt_running()
    with needs("api"):
        from store.api_keys import ApiKeyStore
        from store.database import Database
        from store.settings import StoreSettings

    async def done() -> _T:
        database = Database(StoreSettings.read())
        try:
            return await do(ApiKeyStore(database))
        finally:
            database.close()

    return asyncio.run(done())
