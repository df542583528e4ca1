"""The review: drawn, read blind, read twice, decided by a third, and counted."""

import asyncio
import hashlib
import json
import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pydantic import SecretStr

from agents.classify.labelled import read_labelled_dialogues
from api.access import Role, Scope
from api.access.sessions import COOKIE, token_of
from api.services import Services
from pages.settings import PageSettings
from review.drawing import Candidate, digest, ordered
from review.report import read_report
from store.calls import OutcomeStore
from store.labels import LabelStore
from store.samples import Item, SampleStore
from streams.kafka import KafkaUnavailable
from tests.api.sinking import sinking_all
from tests.pages.conftest import OWN, SignIn
from tests.schemas.examples import call_transcribed
from tests.store.annotations import label
from tests.store.outcomes import done

pytestmark = pytest.mark.integration
DAYS = {"from": "2026-10-01", "to": "2026-10-07"}
SALES = Scope(queues=frozenset({"sales"}))
SECRET = "zxq justification"
"""Stands in what the machine says, and nowhere else."""


async def keep(services: Services, number: int, queue: str = "sales", tag: str = "") -> list[str]:
    """Keep calls; the tests share a broker, so that their identifiers are their own."""
    call_ids = [f"{tag or uuid4().hex[:8]}-{n}" for n in range(number)]
    for n, call_id in enumerate(call_ids):
        told = {"queue": queue, "justification": SECRET, "summary": SECRET, "confidence": 0.9173 - n / 1000}
        call = done(f"outcome-of-{call_id}", call_id).model_copy(update=told)
        await OutcomeStore(services.database).save(call, call_transcribed().turns)
    return call_ids


async def post(browser: httpx.AsyncClient, path: str, **data: str) -> httpx.Response:
    token = {"csrf_token": token_of(browser.cookies[COOKIE])} if COOKIE in browser.cookies else {}
    return await browser.post(path, data=data | token, headers=OWN)


async def drawn(browser: httpx.AsyncClient, services: Services, **form: str) -> str:
    """Draw a sample, and return its identifier."""
    answer = await post(browser, "/review", **({**DAYS, "by": "random", "size": "100", "second": "0"} | form))
    assert (answer.status_code, answer.headers.get("location")) == (303, "/review"), answer.text
    return (await SampleStore(services.database).all())[0].sample_id


async def next_of(browser: httpx.AsyncClient, sample: str) -> str | None:
    """Take the next call, and return its address; None: nothing is left."""
    place = (await post(browser, f"/review/{sample}/next")).headers["location"]
    return None if "problem" in place else place


async def one_to_read(browser: httpx.AsyncClient, services: Services) -> tuple[str, str, str]:
    """Keep a call, draw it, and take it to read; returns the call, its sample and its address."""
    [call_id] = await keep(services, 1)
    sample = await drawn(browser, services)
    place = await next_of(browser, sample)
    assert place is not None
    return call_id, sample, place


def revision(text: str) -> str:
    [found] = re.findall(r'name="revision" value="(\d+)"', text)
    return str(found)


async def read(browser: httpx.AsyncClient, place: str, first: str, final: str | None = None, **said: str) -> None:
    """Read a call from the first word to the last."""
    answer = await post(browser, f"{place}/first", leaf=first, revision="1")
    assert (answer.status_code, answer.headers["location"]) == (303, place)
    shown = (await browser.get(place)).text
    done = await post(browser, f"{place}/final", leaf=final or first, revision=revision(shown), **said)
    assert done.status_code == 303, done.text


async def test_a_draw_can_be_drawn_again_from_what_is_kept_of_it(
    browser: httpx.AsyncClient, services: Services
) -> None:
    call_ids = await keep(services, 30)
    sample = await SampleStore(services.database).find(await drawn(browser, services, size="10", second="50"))
    assert sample is not None
    items = await SampleStore(services.database).items(sample.sample_id)
    assert [one.call_id for one in items] == ordered(str(sample.seed), call_ids)[:10]
    assert sample.digest == digest([Candidate(one) for one in call_ids])
    assert {one.p for one in items} == {10 / 30}
    assert (sample.who, [(one.size) for one in sample.strata]) == ("this machine", [30])
    text = (await browser.get("/review")).text
    assert str(sample.seed) in text and sample.digest in text and "10 calls of 30" in text


async def test_a_sample_that_cannot_be_drawn_says_why(browser: httpx.AsyncClient, services: Services) -> None:
    for form, why in (
        (DAYS, "No call of these days"),
        ({"from": "2026-10-07", "to": "2026-10-01"}, "lies before the first"),
    ):
        answer = await post(browser, "/review", **form)
        assert (answer.status_code, why in answer.text) == (422, True)
    assert await SampleStore(services.database).all() == []


async def test_a_blind_page_tells_nothing_of_what_the_machine_or_anybody_says(
    browser: httpx.AsyncClient, services: Services
) -> None:
    [call_id] = await keep(services, 1)
    await OutcomeStore(services.database).annotate(label("l1", 1, "others", call_id, note="a note of somebody"))
    sample = await drawn(browser, services, by="stratum")
    place = await next_of(browser, sample)
    assert place is not None
    page = await browser.get(place)
    chosen = re.findall(r'value="(\w+)"[^>]*\bchecked', page.text)
    assert (page.status_code, chosen) == (200, [])
    assert call_transcribed().turns[0].text.split()[0] in page.text
    for told in (SECRET, "0.91", "91", "92%", "price_research/", "note of somebody", "by a person", "stratum"):
        assert told not in page.text.replace(call_id, "").replace(sample, ""), told
    without = page.text.replace(call_id, "another")
    leaves = ("price_research", "others", "complaint")
    assert {without.count(f'value="{leaf}"') for leaf in leaves} == {1}, "one leaf stands out"
    kept = await SampleStore(services.database).find(sample)
    assert kept is not None and kept.machine == (("price_research", 1),), "strata are made of the machine's answers"
    links = set(re.findall(r'(?:href|src|action|data-peaks)="([^"#]+)"', page.text))
    of_the_call = {link for link in links if call_id in link}
    assert all(re.search("/recording(/peaks)?$", link) for link in of_the_call), of_the_call


async def test_a_page_does_not_tell_whether_its_call_is_read_twice(
    browser: httpx.AsyncClient, services: Services
) -> None:
    await keep(services, 1)
    texts = set()
    for second in ("0", "100"):
        sample = await drawn(browser, services, second=second)
        place = await next_of(browser, sample)
        assert place is not None
        texts.add((await browser.get(place)).text.replace(sample, "SAMPLE"))
    assert len(texts) == 1


async def test_the_first_answer_is_kept_before_the_machines_is_shown_and_cannot_be_changed(
    browser: httpx.AsyncClient, services: Services
) -> None:
    call_id, sample, place = await one_to_read(browser, services)
    early = await post(browser, f"{place}/final", leaf="complaint", revision="1")
    assert early.headers["location"] == place, "nobody answers in the end who has not answered blind"
    await post(browser, f"{place}/first", leaf="complaint", revision="1")
    revealed = (await browser.get(place)).text
    assert SECRET in revealed and "You and the machine differ" in revealed
    await post(browser, f"{place}/first", leaf="price_research", revision="1")
    async with sinking_all(services):
        await post(browser, f"{place}/final", leaf="price_research", revision="1", cause="misread", note="was wrong")
    [given] = await LabelStore(services.database).of_call(call_id)
    assert given.first is not None and given.blind and given.decides
    assert (given.first.sub_category, given.final.sub_category) == ("complaint", "price_research")
    assert (given.drawn.by, given.drawn.p, given.cause, given.note) == ("random", 1.0, "misread", "was wrong")
    [outcome] = await OutcomeStore(services.database).newest([call_id])
    assert (outcome.source, outcome.sub_category) == ("human", "price_research")
    assert await next_of(browser, sample) is None
    assert (await browser.get(place)).headers["location"] == "/review"


async def test_two_read_what_is_read_twice_and_a_third_decides_where_they_differ(
    signed_in: SignIn, services: Services, tmp_path: Path
) -> None:
    [call_id] = await keep(services, 1)
    ann, bob, cem = [await signed_in(Role.REVIEWER) for _ in range(3)]
    sample = await drawn(ann, services, second="100")
    async with sinking_all(services):
        place = await next_of(ann, sample)
        assert place is not None
        assert await next_of(bob, sample) == place, "the second need not wait"
        assert await next_of(cem, sample) is None, "a third is wanted only where two differ"
        blind = [(await one.get(place)).text for one in (ann, bob)]
        assert (
            len(
                {
                    re.sub(r'csrf_token" value="\w+"|X-CSRF-Token": "\w+"|<p class="who".*?</p>', "", one)
                    for one in blind
                }
            )
            == 1
        )
        await read(ann, place, "complaint")
        await read(bob, place, "others")
        for one in (ann, bob):
            assert await next_of(one, sample) is None, "nobody reads a call twice"
        waiting = (await ann.get(f"/review/figures?sample={sample}")).text
        assert "1 call waits for a third reader" in waiting
        assert await next_of(cem, sample) == place
        third = (await cem.get(place)).text
        assert "Two people differ" in third and SECRET not in third
        await post(cem, f"{place}/first", leaf="call_later", revision=revision(third))
    given = await LabelStore(services.database).of_call(call_id)
    assert [(one.final.sub_category, one.decides, one.blind) for one in given] == [
        ("complaint", True, True),
        ("others", False, True),
        ("call_later", True, True),
    ]
    [outcome] = await OutcomeStore(services.database).newest([call_id])
    assert outcome.sub_category == "call_later"
    gold = await ann.get(f"/review/figures/gold?sample={sample}")
    (tmp_path / "gold.jsonl").write_bytes(gold.content)
    [dialogue] = read_labelled_dialogues([tmp_path / "gold.jsonl"])
    assert dialogue.weight == 1.0, "of one call drawn from one"
    assert (dialogue.id, dialogue.leaf, len(dialogue.turns)) == (call_id, "call_later", len(call_transcribed().turns))


async def test_samples_and_calls_out_of_scope_are_as_those_that_are_not_there(
    signed_in: SignIn, services: Services
) -> None:
    await keep(services, 2, "sales", "seen")
    await keep(services, 2, "another", "hidden")
    everywhere, sales = await signed_in(Role.REVIEWER), await signed_in(Role.REVIEWER, SALES)
    own = await drawn(sales, services)
    assert {one.call_id for one in await SampleStore(services.database).items(own)} == {"seen-0", "seen-1"}
    whole = await drawn(everywhere, services)
    text = (await sales.get("/review")).text
    assert own in text and whole not in text
    for path in (
        f"/review/{whole}/1",
        *(f"/review/figures{end}?sample={whole}" for end in ("", "/report", "/report/page", "/gold")),
    ):
        assert (await sales.get(path)).status_code == 404, path
    assert (await post(sales, f"/review/{whole}/next")).status_code == 404
    assert (await everywhere.get(f"/review/figures?sample={own}")).status_code == 200


async def test_a_report_is_signed_where_there_is_a_key_and_follows_from_its_labels(
    browser: httpx.AsyncClient, services: Services, app: FastAPI
) -> None:
    await keep(services, 2)
    sample = await drawn(browser, services)
    async with sinking_all(services):
        while (place := await next_of(browser, sample)) is not None:
            await read(browser, place, "price_research")
    address = f"/review/figures/report?sample={sample}"
    unsigned = (await browser.get(address)).text.splitlines()
    assert json.loads(unsigned[-1])["kind"] == "unsigned"
    app.state.pages.settings = PageSettings(report_key=SecretStr("0f" * 32))
    lines = (await browser.get(address)).text.splitlines()
    found = read_report(lines, Ed25519PrivateKey.from_private_bytes(bytes.fromhex("0f" * 32)).public_key())
    assert found.figures["measured"] == 2
    assert found.figures["accuracy"]["person"]["share"] == 1.0
    assert "this machine" not in "".join(lines), "reviewers have no names in a report"
    page = await browser.get(f"/review/figures/report/page?sample={sample}")
    assert page.headers["content-disposition"] == f'attachment; filename="review-2026-10-01-{sample}.html"'
    assert page.headers["content-type"].startswith("text/html")
    assert hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest() in page.text
    assert json.loads(lines[-1])["ed25519"] in page.text and json.loads(lines[0])["draws"][0]["seed"] in page.text
    assert "this machine" not in page.text
    noted = [one async for one in services.database.beside("audit").find({"action": "exported"})]
    assert len(noted) == 3


async def test_a_share_is_corrected_from_what_the_machine_had_said_when_its_answers_were_counted(
    browser: httpx.AsyncClient, services: Services
) -> None:
    call_ids = await keep(services, 2)
    sample = await drawn(browser, services)
    for call_id in call_ids:  # decided again before anybody reads it
        again = done(f"another-of-{call_id}", call_id).model_copy(update={"sub_category": "complaint"})
        await OutcomeStore(services.database).save(again, call_transcribed().turns)
    async with sinking_all(services):
        while (place := await next_of(browser, sample)) is not None:
            await read(browser, place, "complaint")
    lines = (await browser.get(f"/review/figures/report?sample={sample}")).text.splitlines()
    [figures] = [found for line in lines if (found := json.loads(line))["kind"] == "figures"]
    shares = {name: one["share"] for name, one in figures["corrected"].items()}
    assert shares == {"complaint": 1.0, "price_research": 0.0}
    assert figures["accuracy"]["person"]["share"] == 1.0, "of what it said when the calls were read"


async def test_who_changes_their_mind_after_the_brokers_were_away_is_taken_at_their_word(
    browser: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, _, place = await one_to_read(browser, services)
    await post(browser, f"{place}/first", leaf="complaint", revision="1")

    async def away(*_: object, **__: object) -> None:
        raise KafkaUnavailable("the brokers do not answer", "wait")

    with monkeypatch.context() as patched:
        patched.setattr("api.calls.labels.publish", away)
        refused = await post(browser, f"{place}/final", leaf="complaint", revision="1")
    assert refused.status_code == 503
    async with sinking_all(services):
        taken = await post(browser, f"{place}/final", leaf="price_research", revision="1")
    assert taken.status_code == 303, taken.text
    [given] = await LabelStore(services.database).of_call(call_id)
    assert given.final.sub_category == "price_research"


async def test_a_call_can_be_finished_whose_first_answer_is_no_category_any_more(
    browser: httpx.AsyncClient, services: Services
) -> None:
    call_id, sample, place = await one_to_read(browser, services)
    [item] = await SampleStore(services.database).items(sample)
    await SampleStore(services.database).answer(item, "first", "warranty_card")
    shown = (await browser.get(place)).text
    assert "warranty_card" in shown
    async with sinking_all(services):
        ended = await post(browser, f"{place}/final", leaf="complaint", revision=revision(shown))
    assert ended.status_code == 303, ended.text
    [given] = await LabelStore(services.database).of_call(call_id)
    assert (given.first, given.final.sub_category, given.blind) == (None, "complaint", True)


async def test_what_was_chosen_counts_only_in_the_naive_figure(browser: httpx.AsyncClient, services: Services) -> None:
    _, second = await keep(services, 2)
    claimed = {"by": "random", "p": 1.0, "frame": "2026-10-01/2026-10-07"}
    await OutcomeStore(services.database).annotate(label("l1", 1, "others", second, drawn=claimed, blind=True))
    sample = await drawn(browser, services)
    async with sinking_all(services):
        reading = await next_of(browser, sample)
        assert reading is not None
        await read(browser, reading, "price_research")
    text = (await browser.get(f"/review/figures/report?sample={sample}")).text
    figures = json.loads(text.splitlines()[-2])
    assert (figures["measured"], figures["labels"]) == (1, 2)
    assert figures["all_labels"]["n"] == 2


async def test_of_two_who_ask_at_once_one_gets_a_call(services: Services, browser: httpx.AsyncClient) -> None:
    await keep(services, 1)
    sample = await drawn(browser, services)
    store = SampleStore(services.database)
    [item] = await store.items(sample)
    now = (await store.all())[0].drawn_at
    taken = await asyncio.gather(*(store.take(item, "first", who, now) for who in ("ann", "bob")))
    assert sorted(taken) == [False, True]
    held: Item | None = await store.item(sample, 1)
    assert held is not None and held.first is not None
    assert held.first.who == ("ann" if taken[0] else "bob")
