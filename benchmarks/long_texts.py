"""How the time for text grows with its length: CPU seconds of n, 2n and 4n sentences, for what rules stumble over.

A column twice the one before it is linear. What is long is a single turn, as in a recording with one channel.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

from agents.classify.hosted import transcript_block
from agents.classify.offline.model import OfflineModel
from agents.transcribe.languages.tr import TURKISH
from agents.transcribe.languages.tr.inverse_text_normalisation import normalised
from agents.transcribe.redaction import Said
from schemas import Speaker, Turn

SHAPES = {
    "talk": "tamam merhaba makinem bozuk ",
    "letters": "a" * 30,
    "digits": "5" * 30,
    "digits apart": "5 ",
    "spoken telephone numbers": "numaram sıfır beş yüz otuz iki yüz yirmi üç kırk beş altmış yedi efendim ",
    "prices": "ücreti beş yüz otuz lira ve sonra gelirim ",
    "numbers apart": "gelirim 45 makine 17 ",
    "spoken e-mails": "ahmet nokta yılmaz et gmail nokta kom ",
    "at-signs": "et gmail ",
    "written e-mails": "a.b@c.com ",
    "plates": "plakası otuz dört a be ce yüz yirmi üç ",
    "names": "adım ahmet yılmaz ",
    "addresses": "gül mahallesi lale sokak numara beş daire üç ve böyle işte sonra gelin ",
    "plus signs": "+90 532 123 45 67 ",
    "account numbers": "TR33 0006 1005 1978 6457 8413 26 ",
    "points": "1.111",
    "combining characters": "e\u0301",
    "spaces": " " * 30,
    "placeholders": "[phone] ",
}
FACTORS = (1, 2, 4)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=500, help="n (default 500)")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    model = OfflineModel.load()
    steps: dict[str, Callable[[Turn], object]] = {
        "redaction": lambda turn: TURKISH.redact([Said(turn.speaker, turn.text)]),
        "numbers": lambda turn: normalised(turn.text),
        "classifier": lambda turn: model.probabilities([[turn]]),
        "transcript block": lambda turn: transcript_block([turn], turn_chars=10_000, transcript_chars=40_000),
    }
    measured = {
        shape: {
            step: [_cpu_s(work, text * wanted.sentences * factor) for factor in FACTORS] for step, work in steps.items()
        }
        for shape, text in SHAPES.items()
    }
    if wanted.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    sys.stdout.write(" ".join([f"{'':26}", *(f"{step:20}" for step in steps)]).rstrip() + "\n")
    for shape, row in measured.items():
        cells = (" ".join(f"{seconds:6.3f}" for seconds in seconds_of) for seconds_of in row.values())
        sys.stdout.write(f"{shape:26} {' '.join(cells)}\n")


def _cpu_s(work: Callable[[Turn], object], text: str) -> float:
    turn = Turn(speaker=Speaker.CUSTOMER, start_s=0, end_s=1, text=text, confidence=1)
    began = time.process_time()
    work(turn)
    return round(time.process_time() - began, 4)


if __name__ == "__main__":
    main()
