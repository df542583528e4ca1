"""Training the offline classifier from the labelled dialogues, and measuring it on dialogues written apart."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from agents.classify.offline.features import Features
from agents.classify.offline.model import OfflineModel, softmax
from schemas import Speaker, Taxonomy
from schemas.taxonomy import EMPTY_CALL, UNCERTAIN

DIALOGUES = Path(__file__).with_name("dialogues")
_INVERSE_REGULARISATION = 10.0
_FOLDS = 5


class SaidTurn(BaseModel):
    """One turn of a labelled dialogue."""

    speaker: Speaker
    text: str


class Dialogue(BaseModel):
    """One line of a file of labelled dialogues."""

    id: str
    turns: tuple[SaidTurn, ...]
    category: str
    sub_category: str | None
    recognition_mistakes: bool = False

    @property
    def leaf(self) -> str:
        """Code of the finest level."""
        return self.sub_category or self.category

    @property
    def customer_speaks(self) -> bool:
        """Whether the customer says anything; if not, a rule decides before any classifier."""
        return any(turn.speaker == Speaker.CUSTOMER for turn in self.turns)


@dataclass(frozen=True)
class Figures:
    """What a model reached on dialogues that it has not seen."""

    calls: int
    category_accuracy: float
    """Share of calls with the right one of the four top-level categories."""
    leaf_accuracy: float
    """Share of calls with the right leaf."""
    confusion: Counter[tuple[str, str]]
    """Number of calls by (expected leaf, decided leaf)."""


def read_dialogues(paths: Sequence[Path]) -> list[Dialogue]:
    """Read labelled dialogues, one JSON object a line.

    Raises:
        ValueError: A line is no dialogue, or its label is not in the taxonomy; the message names the dialogue.
    """
    taxonomy = Taxonomy.load()
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    dialogues = [Dialogue.model_validate_json(line) for line in lines]
    for dialogue in dialogues:
        try:
            taxonomy.leaf(dialogue.category, dialogue.sub_category)
        except ValueError as error:
            raise ValueError(f"dialogue {dialogue.id}: {error}") from error
    return dialogues


def training_dialogues() -> list[Dialogue]:
    """Read the shipped dialogues for training."""
    return read_dialogues(sorted(DIALOGUES.glob("training-*.jsonl")))


def evaluation_dialogues() -> list[Dialogue]:
    """Read the shipped dialogues that were written apart, for evaluation."""
    return read_dialogues([DIALOGUES / "evaluation.jsonl"])


def train(dialogues: Sequence[Dialogue], seed: int = 0) -> OfflineModel:
    """Train a model; the same dialogues and seed give the same one."""
    spoken = [dialogue for dialogue in dialogues if dialogue.customer_speaks]
    calls, labels = [dialogue.turns for dialogue in spoken], np.array([dialogue.leaf for dialogue in spoken])
    features, fitted = _fit(calls, labels)
    content = "\n".join(dialogue.model_dump_json() for dialogue in dialogues)
    return OfflineModel(
        features=features,
        leaves=tuple(str(leaf) for leaf in fitted.classes_),
        weights=fitted.coef_.astype(np.float16).astype(np.float32),
        intercept=fitted.intercept_.astype(np.float32),
        temperature=_temperature(calls, labels, seed),
        card={
            "training_dialogues": len(spoken),
            "training_sha256": hashlib.sha256(content.encode()).hexdigest(),
            "taxonomy": Taxonomy.load().version,
            "limits": "Trained on dialogues written for the purpose, not on real calls. Reads words, not meaning.",
        },
    )


def evaluate(model: OfflineModel, dialogues: Sequence[Dialogue], floor: float) -> Figures:
    """Measure a model as the pipeline would use it: silent customers by rule, below ``floor`` uncertain."""
    probabilities = model.probabilities([dialogue.turns for dialogue in dialogues])
    confusion: Counter[tuple[str, str]] = Counter()
    for dialogue, row in zip(dialogues, probabilities, strict=True):
        best = int(row.argmax())
        decided = model.leaves[best] if row[best] >= floor else UNCERTAIN
        confusion[dialogue.leaf, decided if dialogue.customer_speaks else EMPTY_CALL] += 1
    leaves = Taxonomy.load().leaves
    same_category = sum(n for (a, b), n in confusion.items() if leaves[a].category == leaves[b].category)
    same_leaf = sum(n for (expected, decided), n in confusion.items() if expected == decided)
    calls = len(dialogues)
    return Figures(calls, same_category / calls, same_leaf / calls, confusion)


def _fit(calls: Sequence[Sequence[SaidTurn]], labels: npt.NDArray[np.str_]) -> tuple[Features, LogisticRegression]:
    features = Features.fit(calls)
    classifier = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=1000)
    return features, classifier.fit(features.transform(calls), labels)


def _temperature(calls: Sequence[Sequence[SaidTurn]], labels: npt.NDArray[np.str_], seed: int) -> float:
    """Choose the temperature that makes held-out labels most likely (Guo et al. 2017, arXiv:1706.04599)."""
    scores, truth = [], []
    for learnt, held_out in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(calls, labels):
        features, classifier = _fit([calls[i] for i in learnt], labels[learnt])
        scores.append(classifier.decision_function(features.transform([calls[i] for i in held_out])))
        truth.append(np.searchsorted(classifier.classes_, labels[held_out]))
    score, label = np.concatenate(scores), np.concatenate(truth)
    candidates = np.geomspace(0.1, 10.0, 400)
    likelihood = [np.log(softmax(score / t)[np.arange(label.size), label] + 1e-12).mean() for t in candidates]
    return float(candidates[int(np.argmax(likelihood))])


def card_with(model: OfflineModel, figures: Figures) -> dict[str, object]:
    """Return the model's card with its figures."""
    return model.card | {
        "evaluation_dialogues": figures.calls,
        "category_accuracy": round(figures.category_accuracy, 4),
        "leaf_accuracy": round(figures.leaf_accuracy, 4),
    }
