"""The figures as tables of plain text."""

from typing import Any

from rich.console import Console
from rich.table import Table

TARGETS = {
    "vad_speedup_vs_default": "at least 5",
    "transcribe_cpu_vs_naive": "at most 0.55",
    "one_call_speedup_vs_two_processes": "at least 0.93",
    "two_calls_speedup_vs_two_processes": "at least 0.93",
}
"""What each ratio has to be."""


def print_tables(figures: dict[str, Any]) -> None:
    """Print what was measured."""
    to = Console(width=110)
    _print(
        to,
        "Ratios, side by side in one run",
        ("ratio", "measured", "target"),
        [(name, str(value), TARGETS[name]) for name, value in figures["ratios"].items()],
    )
    if found := figures.get("vad"):
        _print(
            to,
            f"Voice activity detection, {found['channel_s']} s of channels",
            ("way", "s", "CPU s", "× real time"),
            [
                (way, *(str(found[name][way]) for name in ("wall_s", "cpu_s", "times_real_time")))
                for way in found["wall_s"]
            ],
        )
    if found := figures.get("transcription"):
        talk = " and ".join(str(ratio) for ratio in found["talk_ratio"].values())
        _print(
            to,
            f"Recognition, {found['call_s']} s, talk ratio {talk}",
            ("way", "CPU s", "word error rate"),
            [(way, str(value), str(found["word_error_rate"][way])) for way, value in found["cpu_s"].items()],
        )
    if found := figures.get("scaling"):
        _print(
            to,
            f"Two processes, calls of {found['call_s']} s",
            ("what", "s"),
            [(name, str(value)) for name, value in found["wall_s"].items()],
        )
        _print(
            to,
            "Gain over one process",
            ("what", "gain", "of independent"),
            [(name, str(value), str(found["of_independent"].get(name, ""))) for name, value in found["gain"].items()],
        )
    if found := figures.get("memory"):
        _print(
            to,
            f"Peak resident megabytes, {found['calls']} calls",
            ("worker", "idle", "working", "of which children"),
            [
                (stage, str(found["idle_mb"][stage]["total"]), str(own["total"]), str(own["children"]))
                for stage, own in found["working_mb"].items()
            ],
        )
    if found := figures.get("load"):
        _print(
            to,
            "From start to ready",
            ("worker", "s", "CPU s"),
            [(stage, str(own["ready_s"]), str(own["cpu_s"])) for stage, own in found.items()],
        )


def _print(to: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    to.print(table)
