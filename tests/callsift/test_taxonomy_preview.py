"""``callsift taxonomy preview``: what flips under a draft, and what it costs, while nothing is published or stored."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from pydantic import SecretStr
from pymongo import MongoClient

from callsift.taxonomy_preview import Flips, flips
from schemas import CallOutcome, Speaker, Taxonomy
from schemas.taxonomy import use
from store.calls import OutcomeStore
from store.database import Database
from store.settings import StoreSettings
from tests.callsift import terminal
from tests.schemas.examples import call_outcome, turn
from tests.servers.gemini import GeminiServer, Reply, Request, answered, blocked, failed, gemini_server
from tests.servers.mongo import with_database
from tests.store.annotations import label

pytestmark = pytest.mark.integration
SHIPPED = Path(__file__).parents[2] / "schemas" / "taxonomy.yaml"
SAID = {
    "price": "sadece fiyat öğrenecektim",
    "angry": "usta dün geldi yine bozuldu şikayetçiyim",
    "booked": "yarın saat ikide gelin bekliyorum",
    "odd": "müdür bey orada mı acaba",
}
MODEL = "gemini-3.5-flash-lite"


@pytest.fixture(autouse=True)
def the_shipped_one_is_in_use_afterwards() -> Iterator[None]:
    yield
    use(None)


def stored(call_id: str, category: str, sub_category: str | None = None, **facts: Any) -> CallOutcome:
    """Make an outcome of today, as what is in use would have decided it."""
    decided = call_outcome()
    assert decided.versions is not None
    facts = {
        "call_id": call_id,
        "outcome_id": f"outcome of {call_id}",
        "revision": 1,
        "ended_at": datetime.now(UTC) - timedelta(hours=2),
        "category": category,
        "sub_category": sub_category,
        "classifier": "gemini",
        "versions": decided.versions.model_copy(update={"taxonomy": Taxonomy.shipped().version, "model": MODEL}),
        **facts,
    }
    return decided.model_copy(update=facts)


@pytest.fixture
async def uri(embedded: str) -> str:
    """A store with four calls of today and one of last week."""
    uri = with_database(embedded, f"test-{uuid4().hex}")
    store = OutcomeStore(Database(StoreSettings(uri=SecretStr(uri))))
    for outcome in (
        stored("price", "unnecessary_call", "price_research"),
        stored("angry", "unnecessary_call", "complaint"),
        stored("booked", "potential_customer"),
        stored("odd", "uncertain"),
        stored("old", "potential_customer", ended_at=datetime.now(UTC) - timedelta(days=7)),
    ):
        await store.save(outcome, (turn(Speaker.CUSTOMER, SAID.get(outcome.call_id, SAID["booked"])),))
    await store.annotate(label("l1", 1, "others", call_id="angry"))
    store.close()
    return uri


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    """A hosted model that takes prices for complaints, and is not sure what is meant by calls that were booked."""
    answers: dict[str, dict[str, Any]] = {
        SAID["price"]: {"category": "unnecessary_call", "sub_category": "complaint"},
        SAID["angry"]: {"category": "unnecessary_call", "sub_category": "complaint"},
        SAID["booked"]: {"category": "potential_customer", "confidence": 0.1},
        SAID["odd"]: {"category": "unnecessary_call", "sub_category": "others"},
    }

    def respond(request: Request) -> Reply:
        asked = json.dumps(request.body["contents"], ensure_ascii=False)
        return next(answered(**answer) for said, answer in answers.items() if said in asked)

    with gemini_server() as running:
        running.respond = respond
        yield running


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | {"version": "draft-2"}
    complaint = next(one for one in content["categories"][1]["sub_categories"] if one["code"] == "complaint")
    complaint["definition"] = "Somebody is angry, be it about a price."
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "taxonomy.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return tmp_path / "draft"


@pytest.fixture
def preview(uri: str, server: GeminiServer, tmp_path: Path) -> Callable[..., Any]:
    def run(*arguments: object, code: int = 0, **variables: str) -> Any:
        settings = {
            "CALLSIFT_HOME": str(tmp_path / "home"),
            "CALLSIFT_MONGO_URI": uri,
            "CALLSIFT_GEMINI_API_KEY": "key",
            "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": server.address,
            "CALLSIFT_CLASSIFY_PRICES": json.dumps({MODEL: {"prompt": 1, "answer": 10, "currency": "EUR"}}),
            **variables,
        }
        ended = terminal.run(settings, "taxonomy", "preview", *map(str, arguments))
        assert ended.returncode == code, ended.stderr
        assert not any(said in ended.stdout + ended.stderr for said in SAID.values())
        return ended

    return run


def documents(uri: str) -> list[dict[str, Any]]:
    with MongoClient[dict[str, Any]](uri) as client:
        return list(client.get_default_database()["calls"].find().sort("_id"))


def test_flips_are_counted_and_named_with_what_they_cost_and_nothing_changes(
    preview: Callable[..., Any], server: GeminiServer, draft: Path, uri: str
) -> None:
    before = documents(uri)
    told = json.loads(preview(draft, "--yes", "--json").stdout)
    assert {name: told[name] for name in ("versions", "classifier", "found", "drawn")} == {
        "versions": ["1.1", "draft-2"], "classifier": "gemini", "found": 4, "drawn": 4,
    }  # fmt: skip
    found = told["preview"]
    assert found["flips"] == [
        {"before": "potential_customer", "after": "uncertain", "call_ids": ["booked"]},
        {"before": "price_research", "after": "complaint", "call_ids": ["price"]},
        {"before": "uncertain", "after": "others", "call_ids": ["odd"]},
    ]
    assert (found["classified"], found["flipped"], found["uncertain"]) == (4, 3, {"before": 1, "after": 1})
    assert (found["labelled"], found["decided_otherwise"], found["failed"]) == (1, 0, {})
    assert found["flipped_unnamed"] == 3, "only the definition of complaint has changed"
    assert (found["tokens"], found["currency"]) == (4 * 1260, "EUR")
    assert found["cost"] == pytest.approx(4 * (1200 * 1 + 60 * 10) / 1e6)
    assert told["estimate"]["cost"] == pytest.approx((told["estimate"]["tokens"] - 4 * 400) / 1e6 + 4 * 400 / 1e5)
    assert len(server.received) == 4
    assert all("be it about a price" in json.dumps(request.body) for request in server.received)
    assert documents(uri) == before


def test_people_read_a_table_of_flips_the_calls_and_what_else_they_should_know(
    preview: Callable[..., Any], draft: Path
) -> None:
    ended = preview(draft, "--yes")
    assert ended.stdout.splitlines() == [
        "from\tto\tcalls",
        "potential_customer\tuncertain\t1",
        "price_research\tcomplaint\t1",
        "uncertain\tothers\t1",
        "call\tfrom\tto",
        "booked\tpotential_customer\tuncertain",
        "price\tprice_research\tcomplaint",
        "odd\tuncertain\tothers",
    ]
    notes = ended.stderr.splitlines()
    assert notes[0].startswith("4 of 4 call(s), about ")
    assert "estimated cost: 0.0" in notes[0] and notes[0].endswith("EUR")
    assert "4 of 4 calls classified" in notes
    assert notes[-4:] == [
        "3 of 4 call(s) flip (75.0%); Uncertain: 1 before, 1 after",
        "it took 5,040 tokens, cost: 0.0072 EUR",
        "1 have the label of a person, which stays when they are classified again",
        "3 flip out of categories that have not changed: classify all calls again, not those alone",
    ]


def test_nobody_is_asked_before_somebody_has_agreed_to_the_cost(
    preview: Callable[..., Any], server: GeminiServer, draft: Path
) -> None:
    told = json.loads(preview(draft, "--dry-run", "--json").stdout)
    assert told["preview"] is None
    assert told["estimate"]["tokens"] > 4 * 400
    refused = preview(draft, code=2)
    assert "4 of 4 call(s), about" in refused.stderr
    assert "add --yes or --dry-run" in refused.stderr
    assert server.received == []


def test_a_limit_draws_the_same_calls_each_time_and_says_of_how_many(
    preview: Callable[..., Any], server: GeminiServer, draft: Path
) -> None:
    asked = []
    for _ in range(2):
        told = json.loads(preview(draft, "--yes", "--json", "--limit", 2, "--since", "8d").stdout)
        assert (told["found"], told["drawn"], told["preview"]["classified"]) == (5, 2, 2)
        asked.append({str(request.body["contents"]) for request in server.received})
        server.received.clear()
    assert asked[0] == asked[1]
    assert json.loads(preview(draft, "--yes", "--json", "--until", "3d", "--since", "8d").stdout)["found"] == 1


def test_calls_that_others_decided_are_counted_since_they_flip_for_that_as_well(
    preview: Callable[..., Any], draft: Path
) -> None:
    another = {"CALLSIFT_CLASSIFY_GEMINI_MODEL": "gemini-next"}
    assert json.loads(preview(draft, "--yes", "--json", **another).stdout)["preview"]["decided_otherwise"] == 4
    offline = json.loads(preview(draft, "--classifier", "offline", "--json").stdout)
    assert (offline["classifier"], offline["estimate"]["tokens"]) == ("offline", 0)
    assert offline["preview"]["decided_otherwise"] == offline["preview"]["classified"] == 4
    assert "may flip for that" in preview(draft, "--classifier", "offline").stderr


def test_one_call_that_cannot_be_answered_stops_nothing_and_a_service_that_is_away_ends_it(
    preview: Callable[..., Any], server: GeminiServer, draft: Path
) -> None:
    respond = server.respond
    assert respond is not None
    server.respond = lambda request: blocked() if SAID["odd"] in str(request.body["contents"]) else respond(request)
    ended = preview(draft, "--yes")
    assert "not classified: odd: AnswerBlocked: " in ended.stderr
    assert "2 of 3 call(s) flip (66.7%)" in ended.stderr
    server.respond = lambda _: failed(403)
    assert "403" in preview(draft, "--yes", code=1).stderr


def test_what_cannot_be_used_is_refused_with_the_cure_before_the_store_is_asked(
    preview: Callable[..., Any], draft: Path, tmp_path: Path
) -> None:
    nowhere = {"CALLSIFT_MONGO_URI": "mongodb://127.0.0.1:9"}
    content = yaml.safe_load((draft / "taxonomy.yaml").read_text(encoding="utf-8"))
    content["categories"][0]["code"] = "walk_in"
    content["precedence"] = [rule for rule in content["precedence"] if rule["leaf"] != "potential_customer"]
    (draft / "taxonomy.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    refused = preview(draft, "--classifier", "offline", code=1, **nowhere).stderr
    assert "there is no offline model for taxonomy draft-2" in refused
    assert "callsift train" in refused
    assert "cannot read" in preview(tmp_path / "missing", code=2, **nowhere).stderr
    assert "decides nothing" in preview(draft, "--classifier", "none", code=2, **nowhere).stderr


def test_a_draft_with_the_same_version_and_a_store_without_calls_are_said(
    preview: Callable[..., Any], draft: Path
) -> None:
    content = yaml.safe_load((draft / "taxonomy.yaml").read_text(encoding="utf-8")) | {"version": "1.1"}
    (draft / "taxonomy.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert "raise it, or outcomes cannot be told apart" in preview(draft, "--yes").stderr
    assert preview(draft, "--since", "1h").stderr.startswith("0 of 0 call(s)")


def test_flips_are_ordered_by_how_many_they_are() -> None:
    leaves = {"a": ("x", "y"), "b": ("y", "y"), "c": ("z", "x"), "d": ("z", "x")}
    assert flips(leaves) == (Flips("z", "x", ("c", "d")), Flips("x", "y", ("a",)))
