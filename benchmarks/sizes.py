"""What a call leaves behind: ``python -m benchmarks.sizes``.

Bytes of each event on its topic, plain and as ``CALLSIFT_KAFKA_COMPRESSION=zstd`` makes it, of the document in
MongoDB, and tokens of what a hosted model is asked, as the budget estimates them. The calls are made of turns of the
labelled dialogues, with as many words a second as the recordings of the speech benchmark have.
"""

import argparse
import asyncio
import json
import random
from datetime import UTC, datetime
from statistics import mean

import bson
from cramjam import zstd

from agents.classify.hosted.prompt import make_prompt
from agents.classify.hosted.usage import estimated_tokens
from agents.classify.labelled import read_labelled_dialogues
from agents.sink.core import done
from benchmarks.compression import DIALOGUES, made_of
from benchmarks.precomputed import TRANSCRIBED, PrecomputedDecision, taken_by
from schemas import Event, Taxonomy
from store import documents

WORDS_A_SECOND = 1748 / 974
"""docs/performance-speech.md: words and seconds of its recordings."""


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=180, help="length of a call; default 180")
    parser.add_argument("--calls", type=int, default=200, help="how many; default 200")
    options = parser.parse_args()
    calls = [_sizes(number, options.seconds * WORDS_A_SECOND) for number in range(options.calls)]
    print(json.dumps({name: round(mean(one[name] for one in calls)) for name in calls[0]}))


def _sizes(number: int, words: float) -> dict[str, int]:
    chance = random.Random(number)
    dialogues = read_labelled_dialogues(sorted(DIALOGUES.glob("training-*.jsonl")))
    turns = made_of(dialogues, chance, lambda so_far: sum(len(turn.words) for turn in so_far) >= words)
    transcribed = TRANSCRIBED.model_copy(update={"call_id": f"call-{number:05}", "turns": turns})
    classified = asyncio.run(PrecomputedDecision().work(transcribed))
    outcome = done(classified, datetime.now(UTC))
    document = {"_id": outcome.call_id, **documents.of_outcome(outcome, []), **documents.of_turns(turns)}
    prompt = make_prompt(turns, Taxonomy.load())
    found = {"words": sum(len(turn.words) for turn in turns)}
    events: dict[str, Event] = {
        "ended": taken_by("audio", outcome.call_id),
        "audio": taken_by("transcribe", outcome.call_id),
        "transcripts": transcribed,
        "classified": classified,
        "outcomes": outcome,
    }
    for topic, event in events.items():
        found |= {topic: len(_written(event)), f"{topic}_zstd": len(bytes(zstd.compress(_written(event))))}
    return found | {
        "document": len(bson.encode(document)),
        "same_prompt_tokens": estimated_tokens([prompt.instruction, str(prompt.schema)]),
        "own_prompt_tokens": estimated_tokens(prompt.contents),
    }


def _written(event: Event) -> bytes:
    return event.model_dump_json().encode()


if __name__ == "__main__":
    main()
