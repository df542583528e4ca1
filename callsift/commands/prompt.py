"""``callsift prompt``: what the hosted model would be asked about a dialogue."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from callsift.commands.output import harmless, print_json, results


def prompt(
    file: Annotated[Path, typer.Argument(help="A dialogue a line: {id, turns: [{speaker, text}]}.", dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one request a line.")] = False,
) -> None:
    """Print the exact request for each dialogue of FILE without sending it; no key is needed."""
    if not file.exists():
        raise typer.BadParameter(f"there is no file {file}")
    asyncio.run(_print_requests(file, as_json=as_json))


async def _print_requests(file: Path, *, as_json: bool) -> None:
    """Let the client that the settings choose ask a service on this machine, and print what arrives there."""
    from agents.classify.agent import make_model
    from agents.classify.dialogues import Dialogue, read_dialogues
    from agents.classify.hosted import HostedClassifier
    from agents.classify.settings import ClassifySettings
    from callsift.loopback import loopback
    from schemas import Taxonomy

    with loopback() as service:
        here = {"gemini_api_key": "not-sent-anywhere", "gemini_endpoint": service.address, "daily_budget": None}
        settings = ClassifySettings.read(**here)
        if not settings.is_hosted:
            settings = ClassifySettings.read(classifier="gemini", **here)
        model = make_model(settings)
        classifier = HostedClassifier(model, settings, Taxonomy.load())
        for dialogue in read_dialogues(file, Dialogue):
            await model.ask(classifier.prompt(dialogue.transcript, dialogue.ended_at))
            request = {
                "id": dialogue.id,
                "model": settings.gemini_model,
                "prompt_version": classifier.source.prompt,
                "path": service.path,
                "request": service.body,
            }
            if as_json:
                print_json(request, indent=None)
            else:
                _print_readable(request)


def _print_readable(request: dict[str, Any]) -> None:
    body = dict(request["request"])
    results.out(f"=== {harmless(str(request['id']))}: POST {request['path']}, prompt {request['prompt_version']}")
    for part in ("systemInstruction", "contents"):
        value = body.pop(part)
        for content in value if isinstance(value, list) else [value]:
            for piece in content["parts"]:
                results.out(f"--- {part}\n{harmless(piece['text'], keep=chr(10))}", highlight=False)
    results.out(f"--- the rest\n{json.dumps(body, ensure_ascii=False, indent=2)}\n", highlight=False)
