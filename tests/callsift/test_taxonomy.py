"""``callsift taxonomy``: a company's own categories, from the first file to the start of a worker."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from agents.classify.agent import make_classifier
from agents.classify.offline.model import SHIPPED as MODEL
from agents.classify.settings import ClassifySettings
from callsift.cli import app
from callsift.commands.shadow import in_shadow
from callsift.doctor import classifier, looked_at
from callsift.evaluation.version import Version
from callsift.taxonomy_check import doubts, doubts_together
from callsift.taxonomy_diff import changes
from schemas import Taxonomies, Taxonomy, Turn
from schemas.taxonomy import use
from schemas.taxonomy_file import InvalidTaxonomy
from streams.errors import CallsiftError
from tests.brands import brands

ROOT = Path(__file__).parents[2]
CLINIC = ROOT / "examples" / "clinic"
SHIPPED = ROOT / "schemas" / "taxonomy.yaml"


@pytest.fixture(autouse=True)
def the_shipped_one_is_in_use_afterwards(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("CALLSIFT_TAXONOMY", "CALLSIFT_CLASSIFIER", "CALLSIFT_GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield
    use(None)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["taxonomy", *map(str, arguments)])


def changed(tmp_path: Path, **fields: Any) -> Path:
    """Write the shipped taxonomy with some fields changed, and return its folder."""
    folder = tmp_path / "changed"
    folder.mkdir(exist_ok=True)
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | fields
    (folder / "taxonomy.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def shipped_content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return content


def test_what_new_writes_can_be_used_and_is_not_written_over(tmp_path: Path) -> None:
    assert run("new", tmp_path / "ours").exit_code == 0
    checked = run("check", tmp_path / "ours", "--json")
    assert checked.exit_code == 0, checked.output
    [doubt] = json.loads(checked.stdout)["doubts"]
    assert doubt == "there is no model.npz: without one only Gemini can decide (callsift train)"
    again = run("new", tmp_path / "ours")
    assert isinstance(again.exception, CallsiftError)
    assert "is there already" in str(again.exception)


@pytest.mark.parametrize("folder", [None, CLINIC])
def test_the_shipped_one_and_the_example_raise_no_doubts(folder: Path | None) -> None:
    assert list(doubts(Taxonomy.load(folder and folder / "taxonomy.yaml"))) == []


def test_doubts_name_what_overlaps_is_unreachable_has_no_example_or_leads_nowhere() -> None:
    content = shipped_content()
    unnecessary = content["categories"][1]["sub_categories"]
    unnecessary[0]["definition"] = unnecessary[1]["definition"]
    unnecessary[2]["examples"] = ["sadece fiyat öğrenecektim"]
    unnecessary[5] |= {"examples": [], "excludes": ["a price (price_resarch)"]}
    del unnecessary[6]["name"]["tr"]
    content["precedence"] = [rule for rule in content["precedence"] if rule["leaf"] != "basic_job"]
    content["precedence"].append({"when": content["precedence"][0]["when"], "leaf": "basic_job"})
    content["precedence"] = [rule for rule in content["precedence"] if rule["leaf"] != "others"]
    found = "\n".join(doubts(Taxonomy.model_validate(content)))
    for told in (
        "guaranteed_product and irrelevant_sector: definitions overlap",
        "installation and price_research: both have the example “sadece fiyat öğrenecektim”",
        "complaint: no examples",
        "complaint: excludes leads to price_resarch, which is no category",
        "call_later: no name in tr",
        "basic_job: precedence never leads to it",
        "others: no line of precedence leads to it",
    ):
        assert told in found


def test_show_prints_every_category_and_what_a_hosted_model_is_told() -> None:
    shown = run("show", CLINIC)
    assert shown.exit_code == 0
    assert {line.split("\t")[1] for line in shown.stdout.splitlines()[1:]} >= {"emergency", "no_free_time", "uncertain"}
    prompt = run("show", CLINIC, "--prompt").stdout
    assert "A dental clinic with three dentists" in prompt
    assert "warranty" not in prompt
    assert re.search(r"\d+\. the insurance ends it: insurance", prompt)


def test_diff_says_what_changed_and_which_calls_it_concerns(tmp_path: Path) -> None:
    content = shipped_content()
    content["categories"][1]["sub_categories"][5]["definition"] = "Somebody complains."
    after = changed(tmp_path, version="1.2", categories=content["categories"])
    told = json.loads(run("diff", SHIPPED.parent, after, "--json").stdout)
    assert told == {
        "versions": ["1.1", "1.2"],
        "changes": [["complaint", "changed: definition"]],
        "concerns": ["complaint"],
    }


def test_diff_of_another_order_of_precedence_concerns_all_calls_and_asks_for_another_version(tmp_path: Path) -> None:
    after = changed(tmp_path, precedence=shipped_content()["precedence"][::-1])
    told = run("diff", SHIPPED.parent, after)
    assert "all calls\tchanged: precedence" in told.stdout
    assert "raise it, or outcomes cannot be told apart" in told.output


def test_a_leaf_that_comes_or_goes_concerns_all_calls() -> None:
    content = shipped_content()
    more = content | {"categories": [*content["categories"], content["categories"][0] | {"code": "walk_in"}]}
    shipped, larger = Taxonomy.model_validate(content), Taxonomy.model_validate(more)
    assert changes(shipped, larger).added == ("walk_in",)
    assert changes(shipped, larger).concerned is None
    assert changes(larger, shipped).concerned is None
    assert not changes(shipped, shipped).keeps_version


def test_a_command_and_a_worker_refuse_what_is_no_taxonomy_with_line_and_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = changed(tmp_path, version="")
    monkeypatch.setenv("CALLSIFT_TAXONOMY", str(folder))
    ended = run("check")
    assert "version" in str(ended.exception)
    use(folder)
    [found] = [one for one in looked_at(ask=False) if one.of == "taxonomy"]
    assert found.state == "failed"
    assert "version: String should have at least 1 character" in found.found


def test_an_offline_worker_of_other_categories_does_not_start_without_a_model(tmp_path: Path) -> None:
    content = shipped_content()
    content["categories"][0]["code"] = "walk_in"
    rules = [rule | {"leaf": rule["leaf"].replace("potential_customer", "walk_in")} for rule in content["precedence"]]
    taxonomy = Taxonomy.load(changed(tmp_path, categories=content["categories"], precedence=rules) / "taxonomy.yaml")
    with pytest.raises(CallsiftError, match=r"there is no offline model for taxonomy 1\.1") as refused:
        make_classifier(ClassifySettings(classifier="offline"), taxonomy)
    assert "callsift train" in refused.value.cure


@pytest.mark.parametrize("stale", [False, True], ids=["the shipped model", "a model of before"])
def test_a_category_more_than_the_model_has_learnt_is_a_doubt_and_only_who_decides_offline_is_refused(
    tmp_path: Path, stale: bool
) -> None:
    content = shipped_content()
    more = content["categories"][0] | {"code": "warranty_card", "means": None}
    folder = changed(tmp_path, version="own-1", categories=[*content["categories"], more])
    if stale:
        shutil.copy(MODEL, folder / "model.npz")
    checked = run("check", folder, "--json")
    assert checked.exit_code == 0, checked.exception
    [doubt] = [doubt for doubt in json.loads(checked.stdout)["doubts"] if "offline model" in doubt]
    assert "only Gemini can decide" in doubt and "has not learnt warranty_card" in doubt and "callsift train" in doubt
    taxonomy = Taxonomy.load(folder / "taxonomy.yaml")
    hosted = ClassifySettings.read(classifier="gemini", gemini_api_key=SecretStr("key"))
    assert make_classifier(hosted, taxonomy).source.classifier == "gemini"
    for asked in ({"classifier": "offline"}, {"when_away": "offline"}, {"agreement": "offline"}):
        with pytest.raises(CallsiftError, match="has not learnt warranty_card") as refused:
            make_classifier(hosted.model_copy(update=asked), taxonomy)
        assert "callsift train" in refused.value.cure
        assert all(setting in refused.value.cure for setting in ("_WHEN_AWAY=offline", "_AGREEMENT=offline"))


async def test_without_any_classifier_a_call_is_uncertain_and_says_why() -> None:
    classifier = make_classifier(ClassifySettings(classifier="none"), Taxonomy.load(CLINIC / "taxonomy.yaml"))
    said = Turn(speaker="customer", start_s=0, end_s=1, text="my tooth hurts", confidence=1)
    answer = await classifier.classify([said])
    assert (answer.leaf.code, answer.confidence) == ("uncertain", 0.0)
    assert "CALLSIFT_CLASSIFIER=none" in answer.justification


def test_a_prompt_beside_the_taxonomy_is_the_one_that_is_sent(tmp_path: Path) -> None:
    folder = changed(tmp_path)
    (folder / "prompt.md").write_text("Ours: $company $categories $precedence", encoding="utf-8")
    assert run("show", folder, "--prompt").stdout.startswith("Ours: A marketplace")
    (tmp_path / "other").mkdir()
    other = changed(tmp_path / "other")
    (other / "prompt.md").write_text("Ours: $company", encoding="utf-8")
    assert "It needs UTF-8 with $company, $categories and $precedence" in str(run("check", other).exception)


@pytest.mark.parametrize("content", [b"Ours: $company", b"\xff $company $categories $precedence"])
async def test_doctor_names_each_prompt_that_a_worker_would_refuse_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    prompt = brands(tmp_path) / "clinic" / "prompt.md"
    prompt.write_bytes(content)
    use(tmp_path)
    monkeypatch.setenv("CALLSIFT_CLASSIFIER", "gemini")
    monkeypatch.setenv("CALLSIFT_GEMINI_API_KEY", "key")
    shipped, clinic = (one for one in await classifier(ask=False) if one.of == "taxonomy")
    assert (shipped.state, clinic.state) == ("ok", "failed")
    assert "clinic-1" in clinic.found and str(prompt) in clinic.found
    assert "$company, $categories and $precedence" in clinic.cure
    monkeypatch.setenv("CALLSIFT_CLASSIFIER", "offline")  # which has no prompt
    assert [one.state for one in await classifier(ask=False) if one.of == "taxonomy"] == ["ok", "ok"]


def test_a_draft_keeps_the_model_of_the_taxonomy_in_use_unless_it_brings_one(tmp_path: Path) -> None:
    used = Version(ClassifySettings(classifier="offline"), Taxonomy.load(CLINIC / "taxonomy.yaml"))
    shutil.copy(CLINIC / "taxonomy.yaml", tmp_path)
    assert in_shadow(used, tmp_path).files.model == CLINIC / "model.npz"
    shutil.copy(CLINIC / "model.npz", tmp_path)
    assert in_shadow(used, tmp_path).files.model == tmp_path / "model.npz"


def test_check_of_several_looks_at_each_and_at_having_them_together(tmp_path: Path) -> None:
    told = json.loads(run("check", brands(tmp_path), "--json").stdout)
    assert [one["version"] for one in told["taxonomies"]] == ["1.1", "clinic-1"]
    assert told["taxonomies"][0]["doubts"] == json.loads(run("check", SHIPPED.parent, "--json").stdout)["doubts"]
    [doubt] = told["doubts"]
    assert doubt.startswith("complaint: not of the same category in 1.1 and in clinic-1")
    printed = run("check", tmp_path).output
    assert "taxonomy 1.1 can be used" in printed and "taxonomy clinic-1 can be used" in printed
    (tmp_path / "clinic" / "prompt.md").write_text("Ours: $company", encoding="utf-8")
    assert "It needs UTF-8 with $company" in str(run("check", tmp_path).exception)


@pytest.mark.parametrize(
    ("routes", "never"),
    [
        ("[{queue: [a, b], taxonomy: clinic}, {queue: b, taxonomy: clinic}]", [2]),
        ("[{queue: a, taxonomy: clinic}, {queue: [a, b], taxonomy: clinic}]", []),
        ("[{metadata: {x: '1'}, taxonomy: clinic}, {queue: a, metadata: {x: '1', y: '2'}, taxonomy: clinic}]", [2]),
        ("[{queue: a, taxonomy: clinic}, {metadata: {x: '1'}, taxonomy: clinic}]", []),
        ("[{queue: a, metadata: {x: '1'}, taxonomy: clinic}, {queue: a, taxonomy: clinic}]", []),
    ],
)
def test_a_route_behind_one_that_takes_all_of_its_calls_is_doubtful(
    tmp_path: Path, routes: str, never: list[int]
) -> None:
    (brands(tmp_path) / "taxonomies.yaml").write_text(f"routes: {routes}", encoding="utf-8")
    found = [doubt for doubt in doubts_together(Taxonomies.load(tmp_path)) if "never holds" in doubt]
    assert [doubt.partition(",")[0] for doubt in found] == [f"route {place}" for place in never]


def test_show_of_several_says_which_calls_each_is_for_and_one_is_shown_by_its_folder(tmp_path: Path) -> None:
    lines = run("show", brands(tmp_path)).stdout.splitlines()
    assert lines[1:] == ["dental, orthodontics\t\tclinic-1", "\tbrand.name=Smile\tclinic-1", "all others\t\t1.1"]
    told = json.loads(run("show", tmp_path, "--json").stdout)
    assert (told["default"], [one["version"] for one in told["routes"]]) == ("1.1", ["clinic-1", "clinic-1"])
    assert "emergency" in run("show", tmp_path / "clinic").stdout
    for refused in (run("diff", tmp_path, CLINIC), run("show", tmp_path, "--prompt")):
        assert "name its folder" in str(refused.exception)


QUESTION: dict[str, Any] = {
    "code": "owner",
    "kind": "yes_no",
    "text": {"en": "Does the caller own the flat?", "tr": "Ev sahibi mi?"},
}
BAD_QUESTIONS = {
    "unknown kind": ([QUESTION | {"kind": "date"}], "kind"),
    "a choice of one": (
        [QUESTION | {"kind": "choice", "options": [{"code": "a", "name": {"en": "A"}}]}],
        "two options",
    ),
    "options of what is no choice": ([QUESTION | {"options": [{"code": "a", "name": {"en": "A"}}]}], "only a choice"),
    "an option twice": (
        [QUESTION | {"kind": "choice", "options": [{"code": "a", "name": {"en": "A"}}] * 2}],
        "two options share a code: a",
    ),
    "a unit of what is no number": ([QUESTION | {"unit": "m"}], "only a number"),
    "a code twice": ([QUESTION, QUESTION], "two questions share a code: owner"),
    "a category that does not exist": ([QUESTION | {"categories": ["of_old"]}], "do not exist: of_old"),
    "too long": ([QUESTION | {"text": {"en": "x" * 201}}], "at most 200 characters"),
    "too many": ([QUESTION | {"code": f"q{number}"} for number in range(21)], "at most 20 items"),
    "no text": ([QUESTION | {"text": {}}], "text"),
    "a code that is none": ([QUESTION | {"code": "a.b"}], "code"),
}


@pytest.mark.parametrize(("questions", "said"), BAD_QUESTIONS.values(), ids=BAD_QUESTIONS.keys())
def test_questions_that_cannot_be_asked_are_refused_with_line_and_rule(
    tmp_path: Path, questions: list[dict[str, Any]], said: str
) -> None:
    refused = run("check", changed(tmp_path, questions=questions)).exception
    assert isinstance(refused, InvalidTaxonomy)
    assert said in str(refused) and "taxonomy.yaml line " in str(refused)


def test_questions_are_shown_and_what_is_doubtful_about_them_is_said(tmp_path: Path) -> None:
    lonely = QUESTION | {"code": "alone", "text": {"en": "Is anybody there?"}, "categories": ["empty_call"]}
    folder = changed(tmp_path, questions=[QUESTION, lonely])
    found = [doubt for doubt in doubts(Taxonomy.load(folder / "taxonomy.yaml")) if "alone" in doubt]
    assert found == [
        "question alone: alone is not said in tr, which categories are",
        "question alone: asked only of empty calls, in which nothing is said; it is never answered",
    ]
    printed = run("show", folder, "--json")
    assert [question["code"] for question in json.loads(printed.stdout)["questions"]] == ["owner", "alone"]
    assert "yes_no" in run("show", folder, "--language", "tr").stdout
    assert "- owner: Does the caller own the flat? (true or false)" in run("show", folder, "--prompt").stdout


def test_a_changed_question_is_told_and_concerns_all_calls_and_one_that_is_gone_concerns_none(tmp_path: Path) -> None:
    base = Taxonomy.shipped()

    def asking(*questions: dict[str, Any]) -> Taxonomy:
        return Taxonomy.model_validate(base.model_dump() | {"questions": questions})

    found = changes(
        asking(QUESTION, QUESTION | {"code": "old"}), asking(QUESTION | {"kind": "text"}, QUESTION | {"code": "a"})
    )
    assert list(found.lines()) == [("question a", "new"), ("question owner", "changed: kind"), ("question old", "gone")]
    assert (found.concerned, found.keeps_version) == (None, True)
    gone = changes(asking(QUESTION), asking())
    assert (gone.concerned, gone.keeps_version) == ((), True)
    assert not changes(asking(QUESTION), asking(QUESTION)).keeps_version
