"""The demo calls by every engine, side by side: ``python -m tests.agents.transcribe.hosted.side_by_side [--json]``.

Hosted ones are the local servers of these tests, which hear with the demo model as the worker does: what differs is
what the way through a request does to a transcript (pieces, gaps, times that are put back), not how well a service
hears.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jiwer
import typer

from agents.classify.agent import ClassifyAgent
from agents.classify.offline.classifier import OfflineClassifier
from agents.classify.settings import ClassifySettings
from agents.transcribe.agent import TranscribeAgent
from agents.transcribe.settings import TranscribeSettings
from callsift.commands.output import print_json, print_table
from schemas import SIDES, CallTranscribed, Taxonomy
from streams.payloads.claim_check import ClaimCheckStore
from tests.agents.classify.deciding import deciding
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.prepared_calls import CALLS, ready
from tests.servers.google_speech import google_server
from tests.servers.transcriptions import transcriptions_server


def main(as_json: bool = typer.Option(False, "--json", help="Print one JSON document.")) -> None:
    """Transcribe every demo call with each engine, classify it offline, and compare."""
    rows = asyncio.run(_rows())
    if as_json:
        print_json(rows)
    else:
        print_table("Engines", list(rows[0]), [[str(value) for value in row.values()] for row in rows])


async def _rows() -> list[dict[str, Any]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        transcriptions_server() as words,
        transcriptions_server("segments") as segments,
        transcriptions_server("text") as text,
    ):
        async with google_server() as google:
            engines = {
                "vosk": None,
                "openai-words": {"openai": {"url": words.url, "model": "demo"}},
                "openai-segments": {"openai": {"url": segments.url, "model": "demo"}},
                "openai-text": {"openai": {"url": text.url, "model": "demo"}},
                "google": {"google": {"project": "my-project", "endpoint": f"http://{google.address}"}},
            }
            return [await _row(name, engine, Path(folder)) for name, engine in engines.items()]


async def _row(name: str, engine: dict[str, Any] | None, folder: Path) -> dict[str, Any]:
    store = ClaimCheckStore((folder / name).as_uri())
    file = folder / f"{name}.yaml"
    content = {"engines": {name: engine}, "routes": [{"engine": name}]} if engine else {}
    file.write_text(json.dumps(content), encoding="utf-8")
    agent = TranscribeAgent(TranscribeSettings(vosk_model=SPEECH_MODEL, engines_file=file), store)
    taxonomy = Taxonomy.load()
    classify = ClassifyAgent(deciding(OfflineClassifier(taxonomy), taxonomy), ClassifySettings().confidence_floor)
    await agent.start()
    wrong, right, took_s = [], 0, 0.0
    try:
        for call in CALLS:
            prepared = ready(call, store)
            started = time.monotonic()
            transcript = await agent.work(prepared)
            took_s += time.monotonic() - started
            answer = (await classify.work(transcript)).decision
            right += (answer.category, answer.sub_category) == (CALLS[call].category, CALLS[call].sub_category)
            wrong.append(_error_rate(call, transcript))
            print(f"{name}: {call}", file=sys.stderr, flush=True)
    finally:
        await agent.stop()
    return {
        "engine": name,
        "calls": len(CALLS),
        "as labelled": right,
        "word error rate": round(sum(wrong) / len(wrong), 4),
        "seconds": round(took_s, 1),
    }


def _error_rate(name: str, transcript: CallTranscribed) -> float:
    """Word error rate over both speakers, 0 for a call in which nobody speaks and nothing is heard."""
    said = " ".join(word for speaker in SIDES for word in CALLS[name].words(speaker))
    heard = " ".join(turn.text for speaker in SIDES for turn in transcript.turns if turn.speaker == speaker)
    return float(jiwer.wer(said, heard)) if said else float(bool(heard))


if __name__ == "__main__":
    typer.run(main)
