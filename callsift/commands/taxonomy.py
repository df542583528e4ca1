"""``callsift taxonomy``: categories of your own."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.extras import needs
from callsift.commands.output import beside_us, notes, print_json, print_table, results
from callsift.commands.preview import preview
from schemas import Question, Taxonomies, Taxonomy
from schemas.taxonomy_file import FILE
from streams.errors import CallsiftError

app = typer.Typer(help="Categories of your own (docs/own-business.md).", no_args_is_help=True)
_START = Path(__file__).with_name("new_taxonomy.yaml")
Folder = Annotated[
    Path | None,
    typer.Argument(help="Folder with a taxonomy.yaml or taxonomies.yaml. Default: the one in use.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def new(folder: Annotated[Path, typer.Argument(help="Folder to make, or without a taxonomy.yaml yet.")]) -> None:
    """Write a taxonomy to start from, with comments."""
    path = folder / FILE
    if path.exists():
        raise CallsiftError(f"{path} is there already", "Name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_START, path)
    except OSError as error:
        raise CallsiftError(f"cannot write {path}: {error.strerror}", "Name another folder") from None
    notes.print(f"wrote {beside_us(path)}; change it, then: callsift taxonomy check {beside_us(folder)}", markup=False)


@app.command()
def check(folder: Folder = None, as_json: AsJson = False) -> None:
    """Say whether a taxonomy, and the model and prompt beside it, can be used, and what is doubtful about it.

    Of several each is looked at, and what is doubtful about having them together. What is no taxonomy ends with 2, and
    says the line, the field and the rule; a file beside it that is no model or no prompt ends with 1. That the offline
    classifier has not learnt its categories is a doubt: Gemini needs no model.
    """
    from callsift.taxonomy_check import doubts, doubts_together

    taxonomies = Taxonomies.load(folder)
    found = [[*doubts(one), *_beside(one)] for one in taxonomies.all]
    together = [*doubts_together(taxonomies)]
    if as_json:
        each = [
            {"version": one.version, "leaves": [*one.leaves], "doubts": of_it}
            for one, of_it in zip(taxonomies.all, found, strict=True)
        ]
        print_json({"taxonomies": each, "doubts": together} if taxonomies.routes else each[0])
        return
    for one, of_it in zip(taxonomies.all, found, strict=True):
        print_table(f"Doubtful in {one.version}", ["what"], [[doubt] for doubt in of_it]) if of_it else None
        notes.print(f"taxonomy {one.version} can be used: {len(one.leaves)} categories, {len(of_it)} doubts")
    print_table("Doubtful in having them together", ["what"], [[doubt] for doubt in together]) if together else None


@app.command()
def show(
    folder: Folder = None,
    prompt: Annotated[bool, typer.Option("--prompt", help="What a hosted model is told instead.")] = False,
    language: Annotated[str, typer.Option(help="Of the names, as a BCP 47 tag.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Print the categories, or what a hosted model is told about them; of several which calls each is for."""
    taxonomies = Taxonomies.load(folder)
    if taxonomies.routes and not prompt:
        _show_routes(taxonomies, as_json=as_json)
        return
    taxonomy = Taxonomy.load(folder / FILE if folder else None)
    if prompt:
        with needs("classify"):
            from agents.classify.hosted.prompt import instruction
        results.out(instruction(taxonomy), highlight=False)
    elif as_json:
        print_json(taxonomy.model_dump(mode="json"))
    else:
        rows = []
        for category in taxonomy.categories:
            for depth, entry in [(0, category), *((1, sub) for sub in category.sub_categories)]:
                title = f"{'  ' * depth}{entry.title(language)}"
                rows.append([title, entry.code, entry.means or "", " ".join(entry.definition.split())])
        print_table(f"Taxonomy {taxonomy.version}", ["category", "code", "means", "definition"], rows)
        if taxonomy.questions:
            asked = [_asked(question, language) for question in taxonomy.questions]
            print_table("Questions", ["question", "code", "answer", "asked of"], asked)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="Folder with a taxonomy.yaml.")],
    after: Annotated[Path, typer.Argument(help="Folder with a changed one.")],
    as_json: AsJson = False,
) -> None:
    """Say what changed, and which stored calls would have to be classified again."""
    from callsift.taxonomy_diff import changes

    found = changes(Taxonomy.load(before / FILE), Taxonomy.load(after / FILE))
    lines, concerned = list(found.lines()), found.concerned
    if as_json:
        concerns = "all calls" if concerned is None else list(concerned)
        print_json({"versions": found.versions, "changes": lines, "concerns": concerns})
        return
    print_table(f"From {found.versions[0]} to {found.versions[1]}", ["what", "change"], map(list, lines))
    if found.keeps_version:
        notes.print("both have the same version: raise it, or outcomes cannot be told apart", style="yellow")
    wanted = [""] if concerned is None else [f" --category {code}" for code in concerned]
    for option in wanted:
        notes.print(f"classify again: callsift reprocess --since 30d{option} --dry-run", highlight=False)


app.command()(preview)


def _show_routes(taxonomies: Taxonomies, *, as_json: bool) -> None:
    default = taxonomies.default.version
    if as_json:
        routes = [route.model_dump(mode="json") | {"version": one.version} for route, one in taxonomies.routes]
        print_json({"default": default, "routes": routes})
        return
    rows = [
        [", ".join(route.queue), ", ".join(f"{key}={value}" for key, value in route.metadata.items()), one.version]
        for route, one in taxonomies.routes
    ]
    print_table("The first that fits", ["queue", "metadata", "taxonomy"], [*rows, ["all others", "", default]])
    notes.print("name the folder of one to see its categories")


def _asked(question: Question, language: str) -> list[str]:
    options = ", ".join(option.code for option in question.options)
    answer = " ".join(filter(None, (question.kind, options or question.unit)))
    return [question.title(language), question.code, answer, ", ".join(question.categories) or "all calls"]


def _beside(taxonomy: Taxonomy) -> list[str]:
    """Return what is doubtful about the model beside a taxonomy.

    Raises:
        CallsiftError: What lies there is no model, or the prompt does not fit it.
    """
    with needs("classify"):
        from agents.classify.agent import offline_model
        from agents.classify.hosted.prompt import instruction
        from agents.classify.offline.classifier import MODEL, refuse_unfit
    instruction(taxonomy)
    model = offline_model(taxonomy)
    if model is None:
        return [f"there is no {MODEL}: without one only Gemini can decide (callsift train)"]
    try:
        refuse_unfit(model, taxonomy)
    except CallsiftError as unfit:  # a worker that asks Gemini alone never loads it
        return [f"only Gemini can decide: {unfit.message} (callsift train)"]
    rare = [f"{code} is never answered offline: {count} dialogues of it" for code, count in model.unsure.items()]
    rare += [
        f"{code} is not known offline: {count} dialogues" for code, count in model.card.get("not_learnt", {}).items()
    ]
    learnt = model.card.get("taxonomy")
    return rare + ([f"{MODEL} was trained for taxonomy {learnt}"] if learnt != taxonomy.version else [])
