"""``callsift status``: how far the pipeline is."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from callsift.commands.output import make_table, notes, print_json, print_table, results
from callsift.running import adopt_running, find_running
from streams.errors import CallsiftError
from streams.settings import KafkaSettings

if TYPE_CHECKING:
    from streams.monitor import Observer, Status

_REFRESH_S = 2.0


class _Told(NamedTuple):
    """What is known of the workers beside their lag, by stage."""

    in_flight: Mapping[str, int]
    """Events in work; empty if nobody says."""
    waits_for: Mapping[str, str]
    """What a stage has stopped for."""
    old_calls: int | None = None
    """Messages of old calls among what waits; None: too many wait to be looked at."""


class _Section(NamedTuple):
    """One table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def status(
    partitions: Annotated[bool, typer.Option("--partitions", help="Also every partition that is not empty.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every two seconds, until Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, one document a look, with every partition.")
    ] = False,
) -> None:
    """Show how far every stage is, what waits for another try, and how much was given up.

    All of it comes from the brokers, so it works while everything else is down. They do not know what is in work,
    which counts as waiting, nor what a stage has stopped for: both are shown for a `callsift up` on this machine.
    """
    from streams.monitor import Observer

    adopt_running()
    kafka = KafkaSettings.read()
    observer = Observer(kafka)
    if not watch:
        looked = observer.look()
        _print(looked, _told(kafka, looked), partitions, as_json)
        return
    try:
        if results.is_terminal and not as_json:
            _watch_live(observer, kafka, partitions)
        for found in _looks(observer, kafka):
            if isinstance(found, CallsiftError):
                notes.print(str(found), markup=False, highlight=False)
            else:
                _print(*found, partitions, as_json)
    except KeyboardInterrupt:
        notes.print("ended")


def _looks(observer: "Observer", kafka: KafkaSettings) -> "Iterator[tuple[Status, _Told] | CallsiftError]":
    """Look again and again; while the brokers are away yield the error, since they may come back."""
    while True:
        try:
            looked = observer.look()
            found: tuple[Status, _Told] | CallsiftError = (looked, _told(kafka, looked))
        except CallsiftError as error:
            found = error
        yield found
        time.sleep(_REFRESH_S)


def _watch_live(observer: "Observer", kafka: KafkaSettings, partitions: bool) -> None:
    with Live(console=results, auto_refresh=False) as live:
        for found in _looks(observer, kafka):
            if isinstance(found, CallsiftError):
                live.update(Text(str(found), style="red"), refresh=True)
            else:
                sections = _sections(*found, partitions)
                live.update(Group(*(make_table(*section) for section in sections)), refresh=True)


def _told(kafka: KafkaSettings, status: "Status") -> _Told:
    """Return what the brokers' lag does not tell: applied brakes, and what a `callsift up` on this machine says."""
    from callsift.local_workers import events_in_flight, waits_for
    from streams.kafka import notices
    from streams.monitor import old_calls

    old = old_calls(kafka, status)
    brakes = {
        name: f"release of its brake: {notice.reason}" for name, notice in notices(kafka).items() if notice.applied
    }
    running = find_running()
    if running is None or running.environment.get("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS") != kafka.bootstrap_servers:
        return _Told({}, brakes, old)
    return _Told(events_in_flight(running), waits_for(running) | brakes, old)


def _print(found: "Status", told: _Told, partitions: bool, as_json: bool) -> None:
    if as_json:
        beside = {"waits_for": {**told.waits_for}, "old_calls": told.old_calls}
        print_json(found.as_json(told.in_flight) | beside, indent=None)
    else:
        for section in _sections(found, told, partitions):
            print_table(*section)


def _sections(found: "Status", told: _Told, partitions: bool) -> list[_Section]:
    clock = f"{found.asked_at:%H:%M:%SZ}"
    stages = [
        [
            group.name,
            "unknown" if group.members is None else str(group.members),
            str(group.lag),
            _span(found.age_s(group.waiting_since)),
            *([str(told.in_flight.get(group.name, ""))] if told.in_flight else []),
            *([told.waits_for.get(group.name, "")] if told.waits_for else []),
        ]
        for group in found.groups
    ]
    columns = ["stage", "members", "waiting", "oldest"]
    columns += ["in flight"] * bool(told.in_flight) + ["waits for"] * bool(told.waits_for)
    retries = [
        [retry.topic, str(retry.waiting), retry.next_due_at.strftime("%H:%M:%SZ") if retry.next_due_at else ""]
        for retry in found.retries
    ]
    letters = [["dead letters", str(found.dead_letters.total)], ["not replayed", str(found.dead_letters.not_replayed)]]
    sections = [
        _Section(f"Stages at {clock}", columns, stages),
        _Section("Waiting for another try", ["topic", "waiting", "next due"], retries),
        _Section("Given up", ["what", "number"], letters),
    ]
    if told.old_calls:
        sections.append(
            _Section("Backfill", ["what", "number"], [["of old calls among what waits", str(told.old_calls)]])
        )
    if partitions:
        rows = [
            [
                group.name,
                part.topic,
                str(part.partition),
                "" if part.committed is None else str(part.committed),
                str(part.end),
                str(part.lag),
                _span(found.age_s(part.waiting_since)),
            ]
            for group in found.groups
            for part in group.partitions
            if part.end
        ]
        wide = ["stage", "topic", "partition", "committed", "end", "waiting", "oldest"]
        sections.insert(1, _Section("Partitions", wide, rows))
    return sections


def _span(seconds: float | None) -> str:
    """Return a span of time for people, in its largest fitting unit."""
    if seconds is None:
        return ""
    for unit, length_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"
