"""The audit report as a page: the same figures as the signed lines, inert, and checked by what it says itself."""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pages.app import SECTIONS
from pages.page import Pages
from pages.review.audit import audit_page
from pages.settings import PageSettings
from pages.static_files import StaticFolder
from pages.words import CODES, Language
from review.drawing import Candidate, Frame, draw_random
from review.report import write_report
from review.reviewed import Drawn, Reading, Versions
from tests.review.test_report import CALLS, DRAW, KEY, LINES, MACHINE
from tests.test_rooms import ROOT

NAME = "review-2026-11-24-sample.jsonl"
HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>"'${{7*7}}"""
DRAWN_AGAIN = re.compile(r"^[0-9a-f]{64} (.+)$", re.MULTILINE)


def page_of(lines: list[str], language: str = "en") -> str:
    pages = Pages(PageSettings(), SECTIONS, StaticFolder())
    return audit_page(pages, lines, NAME, Language(language, ZoneInfo("Europe/Istanbul")))


class Found(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags = set[str]()
        self.attributes = set[str]()
        self.figures: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self._cells: list[str] | None = None
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= given.keys()
        if "data-of" in given:
            assert given["data-of"] not in self.figures, "said twice"
            self.figures[given["data-of"]] = given["value"]
        if given.get("class") == "call":
            self._cells = []
            self.rows.append(self._cells)
        if tag == "td" and self._cells is not None:
            self._cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._cells = None

    def handle_data(self, data: str) -> None:
        if self._cells:
            self._cells[-1] += data


def numbers(found: object, of: str = "") -> Iterator[tuple[str, float]]:
    """Every number of some JSON with the way to it."""
    if isinstance(found, dict):
        for name, own in found.items():
            yield from numbers(own, f"{of}.{name}" if of else name)
    elif isinstance(found, list) and of != "groups_without_labels":
        for place, own in enumerate(found):
            yield from numbers(own, f"{of}.{place}")
    elif isinstance(found, list):
        yield of, len(found)
    elif isinstance(found, int | float):
        yield of, found


def block(content: str, kind: str) -> str:
    """The commands that a page gives, as somebody copies them from it."""
    [found] = re.findall(rf'<pre class="{kind}">(.*?)</pre>', content, re.DOTALL)
    return html.unescape(str(found)).strip() + "\n"


def bash(commands: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["bash", "-c", commands], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("language", CODES)
def test_every_figure_of_the_signed_lines_is_on_the_page_and_no_other(language: str) -> None:
    shown = Found(page_of(LINES, language)).figures
    signed = dict(numbers(json.loads(LINES[-2])))
    assert len(signed) > 50
    assert {of: float(value) for of, value in shown.items()} == signed


def test_what_is_read_is_the_figure_to_one_digit_in_the_pages_language() -> None:
    value = json.loads(LINES[-2])["accuracy"]["person"]["share"]
    english, turkish = (page_of(LINES, code) for code in ("en", "tr"))
    assert f'value="{value}">{100 * value:.1f}%</data>' in english
    assert f'value="{value}">%{100 * value:.1f}</data>'.replace(".", ",") in turkish.replace(".", ",")
    assert "Audit report" in english and "Denetim" not in english
    assert '<html lang="tr">' in turkish and "denetim raporu" in turkish


def test_every_label_is_on_the_page_as_it_is_signed() -> None:
    rows = Found(page_of(LINES)).rows
    calls = [json.loads(line) for line in LINES[1:-2]]
    assert [row[0] for row in rows] == [call["call_id"] for call in calls]
    for row, call in zip(rows, calls, strict=True):
        assert row[3] == call["machine"]
        said = [f"{reading['first']}" for reading in call["readings"]]
        assert [cell.split()[0] for cell in row[4:] if cell.strip()] == said
        assert ("drawn" in row[1]) == call["drawn"]["by"].startswith("strat")
        assert bool(row[2]) == (call["drawn"]["p"] is not None)


def test_a_page_needs_nothing_besides_itself_and_runs_nothing() -> None:
    page = page_of(LINES)
    found = Found(page)
    assert found.tags & {"script", "link", "img", "iframe", "object", "form", "a"} == set()
    assert found.attributes & {"src", "href", "style", "srcset", "action"} == set()
    assert not re.search(r"@import|url\(|https?://", page)
    assert "default-src 'none'" in page


def test_hostile_text_in_any_field_is_inert() -> None:
    calls = [
        replace(
            call,
            call_id=f"{HOSTILE}{number}",
            drawn=replace(call.drawn, stratum=HOSTILE, frame=HOSTILE) if call.drawn.measures else Drawn("complaint"),
            machine=HOSTILE if number % 2 else call.machine,
            readings=tuple(Reading(HOSTILE, HOSTILE, HOSTILE + "!") for _ in call.readings),
            versions=Versions(HOSTILE, HOSTILE, HOSTILE),
            period=HOSTILE,
        )
        for number, call in enumerate(CALLS)
    ]
    frame = Frame(DRAW.frame.first_day, DRAW.frame.last_day, ((HOSTILE, HOSTILE),))
    lines = write_report([replace(DRAW, frame=frame)], calls, {(HOSTILE, HOSTILE): 900}, {HOSTILE: 900}, KEY)
    page = page_of(lines)
    plain = Found(page_of(LINES))
    found = Found(page)
    assert (found.tags, found.attributes) == (plain.tags, plain.attributes)
    assert HOSTILE in html.unescape(page) and HOSTILE not in page


def test_the_commands_on_the_page_find_a_report_as_it_was_signed(tmp_path: Path) -> None:
    page = page_of(LINES)
    (tmp_path / NAME).write_text("\n".join(LINES) + "\n")
    assert bash(block(page, "page"), tmp_path).stdout == f"{NAME}: OK\n"
    checked = bash(block(page, "signature"), tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "Signature Verified Successfully\n"), checked.stderr


@pytest.mark.parametrize("number", [0, 7, len(LINES) - 3, len(LINES) - 2])
def test_the_commands_on_the_page_refuse_a_report_in_which_a_letter_was_changed(tmp_path: Path, number: int) -> None:
    page, changed = page_of(LINES), list(LINES)
    place = changed[number].index('"kind"') + 2
    changed[number] = changed[number][:place] + "K" + changed[number][place + 1 :]
    (tmp_path / NAME).write_text("\n".join(changed) + "\n")
    assert bash(block(page, "page"), tmp_path).returncode != 0
    checked = bash(block(page, "signature"), tmp_path)
    assert checked.returncode != 0, checked.stdout


def test_the_commands_on_the_page_refuse_a_report_that_lacks_a_line_or_that_another_signed(tmp_path: Path) -> None:
    page = page_of(LINES)
    stranger = Ed25519PrivateKey.generate()
    for lines in ([*LINES[:5], *LINES[6:]], write_report([DRAW], CALLS, DRAW.group_sizes, MACHINE, stranger)):
        (tmp_path / NAME).write_text("\n".join(lines) + "\n")
        assert bash(block(page, "signature"), tmp_path).returncode != 0


def test_the_commands_on_the_page_draw_the_same_calls_again(tmp_path: Path) -> None:
    ids = [f"call {n}" for n in range(40)]
    draw = draw_random(DRAW.frame, [Candidate(one) for one in ids], 10, "a seed")
    (tmp_path / "calls.txt").write_text("".join(f"{one}\n" for one in reversed(ids)))
    said = bash(block(page_of(write_report([draw], [], draw.group_sizes, {}, KEY)), "draw"), tmp_path).stdout
    assert said.split()[0] == draw.digest
    assert DRAWN_AGAIN.findall(said.partition("\n")[2])[:10] == [one.call_id for one in draw.taken]


def test_the_documentation_gives_the_same_commands() -> None:
    given = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    commands = block(page_of(LINES), "signature").splitlines()[2:]
    assert len(commands) > 5
    assert "\n".join(commands) in given


def test_the_documented_commands_make_the_public_key_of_a_private_one(tmp_path: Path) -> None:
    given = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^printf '302e.*$", given, re.MULTILINE)
    private = bytes(range(32)).hex()
    said = bash(f"CALLSIFT_PAGE_REPORT_KEY={private}\n{command}", tmp_path).stdout.strip()
    assert said == KEY.public_key().public_bytes_raw().hex()


def test_a_report_that_nobody_signed_says_so_in_place_of_a_signature() -> None:
    page = page_of(write_report([DRAW], CALLS, DRAW.group_sizes, MACHINE, None))
    assert "Nobody signed this report" in page
    assert 'class="signature"' not in page
    assert "Nobody signed" not in page_of(LINES)


def test_whoever_has_callsift_makes_every_figure_again(tmp_path: Path) -> None:
    page = page_of(LINES)
    (tmp_path / NAME).write_text("\n".join(LINES) + "\n")
    _, *arguments = block(page, "figures").split()
    command = [sys.executable, *arguments]
    environment: Mapping[str, str] = {"PYTHONPATH": str(ROOT)}
    for name, code in ((NAME, 0), ("none.jsonl", 1)):
        told = [name if part == NAME else part for part in command]
        ended = subprocess.run(told, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stderr
        assert ("follows from 41 labelled calls" in ended.stdout) == (code == 0)
        assert "Traceback" not in ended.stderr
