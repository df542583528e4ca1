"""Build the speech model: ``python demo/speech_model/build.py``; ``--graph-only`` after editing sentences.txt."""

import argparse
import shutil
from pathlib import Path

import language_model
import synthesis
from acoustic_model import FILE, AcousticModel
from features import MFCC_CONF
from graph import Lexicon, decoding_graph
from kaldi_format import final_mdl
from phones import SILENCE_ID, PhoneTable
from vocabulary import HERE, Templates, read_templates

# frame-subsampling-factor: the network answers every third frame. frames-per-chunk: how many go through it at once;
# with Kaldi's 20, its matrices take longer to arrange than to multiply. The endpoint rules say after how many seconds
# of silence an utterance ends: when it seems complete, when it may be, and in any case.
MODEL_CONF = f"""\
--min-active=200
--max-active=2000
--beam=13.0
--lattice-beam=7.0
--acoustic-scale=0.5
--frame-subsampling-factor=3
--frames-per-chunk=150
--endpoint.silence-phones={SILENCE_ID}
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=1.0
--endpoint.rule4.min-trailing-silence=2.0
"""


def pronunciations(templates: Templates, known_phones: list[str]) -> Lexicon:
    """Word -> phones as espeak-ng says it, between two other words so that the sentence's edges do not matter."""
    lexicon = {}
    for word in templates.words:
        sentence = f"{templates.carrier} {word} {templates.carrier}"
        _, pronunciation, _ = synthesis.say(sentence, language=templates.voice).words
        if unknown := set(pronunciation) - set(known_phones):
            raise ValueError(f"{word!r} has sounds never heard in training, {sorted(unknown)}: train with it")
        lexicon[word] = pronunciation
    return lexicon


def write_model(acoustic_model: AcousticModel, templates: Templates, folder: Path) -> None:
    """Write the folder that ``vosk.Model`` loads."""
    table = PhoneTable(acoustic_model.phones)
    lexicon = pronunciations(templates, acoustic_model.phones)
    hclg = decoding_graph(table, acoustic_model.stay_probabilities, lexicon, language_model.estimate(templates))
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("am", "conf", "graph/phones"):
        (folder / name).mkdir(parents=True)
    (folder / "am/final.mdl").write_bytes(final_mdl(acoustic_model))
    (folder / "conf/mfcc.conf").write_text(MFCC_CONF)
    (folder / "conf/model.conf").write_text(MODEL_CONF)
    hclg.write(str(folder / "graph/HCLG.fst"))
    symbols = ["<eps>", *sorted(lexicon), "#0"]
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(symbols)]
    (folder / "graph/words.txt").write_text("".join(lines), encoding="utf-8")
    boundaries = [f"{phone_id} {position or 'nonword'}\n" for phone_id, (_, position) in table.names.items()]
    (folder / "graph/phones/word_boundary.int").write_text("".join(boundaries))


def main() -> None:
    """Train unless told not to, then write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph-only", action="store_true", help=f"do not train: take {FILE}")
    parser.add_argument("--utterances", type=int, default=8000, help="training utterances (8000 are about 9 hours)")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--folder", type=Path, default=HERE, help="with sentences.txt; gets the model. Default: here")
    options = parser.parse_args()
    templates, model = read_templates(options.folder), options.folder / "model"
    if not options.graph_only:
        from training import train  # noqa: PLC0415 - the graph alone needs no torch

        train(templates, options.utterances, options.epochs).save(options.folder / FILE)
    write_model(AcousticModel.load(options.folder / FILE), templates, model)
    size_bytes = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    print(f"{model}: {size_bytes / 1e6:.2f} MB, {len(templates.words)} words")


if __name__ == "__main__":
    main()
