"""The summary as people and programs read it: CSV, text, and the HTML of a mail. Pure."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import jinja2

from pages.calls.view import stage_title
from pages.categories import title_of
from pages.summary.figures import Compared, Summary
from pages.words import Language

_TEMPLATE = Path(__file__).with_name("mail.html")
_COLUMNS = ("figure", "code", "count", "day_before", "same_weekday")


@dataclass(frozen=True)
class Row:
    """One figure as it is shown."""

    title: str
    count: str
    day_before: str
    same_weekday: str


@dataclass(frozen=True)
class Section:
    """Figures that belong together."""

    title: str
    rows: tuple[Row, ...]


def as_csv(summary: Summary) -> str:
    """Return the figures as CSV (RFC 4180), one a line; those of the moment have no other days."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(_COLUMNS)
    for figure in ("calls", "categories", "lost", "lost_by_reason", "without_recording", "failed"):
        found = getattr(summary, figure)
        by_code = {"": found} if isinstance(found, Compared) else found
        for code, one in by_code.items():
            lines.writerow((figure, code, one.count, one.day_before, one.same_weekday))
    for code, count in summary.call_backs:
        lines.writerow(("call_backs", code, count, "", ""))
    if summary.pipeline is not None:
        lines.writerow(("dead_letters", "", summary.pipeline.dead_letters, "", ""))
        for stage, seconds in summary.pipeline.late.items():
            lines.writerow(("late_s", stage, round(seconds), "", ""))
    return written.getvalue()


def sections(summary: Summary, say: Language) -> tuple[Section, ...]:
    """Return the figures with their names. Of what is counted by code only what occurs is shown, the most first."""
    lost, failed = say.t("summary.lost"), say.t("summary.failed")
    return (
        Section(
            say.t("summary.calls"), (_row(say.t("summary.all"), summary.calls, say), *_rows(summary.categories, say))
        ),
        Section(lost, (_row(say.t("summary.all"), summary.lost, say), *_rows(summary.lost_by_reason, say))),
        Section(
            say.t("summary.without_recording"),
            tuple(_row(say.t(f"disposition.{how}"), one, say) for how, one in _occurring(summary.without_recording)),
        ),
        Section(failed, (_row(failed, summary.failed, say), *_pipeline(summary, say))),
        Section(
            say.t("summary.call_backs"),
            (
                _now(say.t("summary.open"), say.number(summary.call_backs.open)),
                _now(say.t("summary.late_ones"), say.number(summary.call_backs.late)),
                _now(say.t("summary.due_today"), say.number(summary.call_backs.due_today)),
            ),
        ),
    )


def as_text(summary: Summary, say: Language) -> str:
    """Return the summary as plain text."""
    lines = [title(summary, say), "", say.t("summary.columns", day=say.short_day(summary.day)), ""]
    for section in sections(summary, say):
        lines += [section.title, *map(_line, section.rows), ""]
    return "\n".join((*lines, _made(summary, say), ""))


def as_html(summary: Summary, say: Language) -> str:
    """Return the summary as the HTML of a mail: no script, no picture, nothing that is loaded."""
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    return template.render(
        t=say.t, code=say.code, title=title(summary, say), sections=sections(summary, say), made=_made(summary, say)
    )


def title(summary: Summary, say: Language) -> str:
    """Return the summary's title, which is a mail's subject, too."""
    calls = say.t("calls.count", n=summary.calls.count)
    return say.t("summary.title", day=say.day(summary.day), calls=calls)


def _pipeline(summary: Summary, say: Language) -> tuple[Row, ...]:
    if summary.pipeline is None:
        return (_now(say.t("summary.away"), "?"),)
    late = summary.pipeline.late.items()
    return (
        _now(say.t("summary.dead_letters"), say.number(summary.pipeline.dead_letters)),
        *(_now(say.t("summary.late", stage=_stage(name, say)), say.span(seconds)) for name, seconds in late),
    )


def _stage(name: str, say: Language) -> str:
    return say.t("operations.retry_mover") if name == "retry" else stage_title(name, say)


def _made(summary: Summary, say: Language) -> str:
    return say.t("summary.made", at=say.moment(summary.made_at), zone=summary.time_zone)


def _occurring(by_code: dict[str, Compared]) -> list[tuple[str, Compared]]:
    there = [(code, one) for code, one in by_code.items() if one.count or one.day_before or one.same_weekday]
    return sorted(there, key=lambda found: -found[1].count)


def _rows(by_code: dict[str, Compared], say: Language) -> tuple[Row, ...]:
    return tuple(_row(title_of(code, say.code), one, say) for code, one in _occurring(by_code))


def _row(title_: str, one: Compared, say: Language) -> Row:
    return Row(title_, *map(say.number, (one.count, one.day_before, one.same_weekday)))


def _now(title_: str, count: str) -> Row:
    return Row(title_, count, "", "")


def _line(row: Row) -> str:
    return f"  {row.title:<40}{row.count:>8}{row.day_before:>8}{row.same_weekday:>8}".rstrip()
