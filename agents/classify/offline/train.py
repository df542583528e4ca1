"""Training the offline classifier from the labelled dialogues, and measuring it on dialogues written apart."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from agents.classify.dialogues import SaidTurn
from agents.classify.evaluation.figures import Figures, figures
from agents.classify.evaluation.judged import judged, known
from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from agents.classify.offline.features import Features
from agents.classify.offline.model import OfflineModel, softmax
from schemas import Taxonomy
from schemas.taxonomy import EMPTY_CALL

DIALOGUES = Path(__file__).with_name("dialogues")
_INVERSE_REGULARISATION = 10.0
_FOLDS = 5


def training_dialogues() -> list[LabelledDialogue]:
    """Read the shipped dialogues for training."""
    return read_labelled_dialogues(sorted(DIALOGUES.glob("training-*.jsonl")))


def evaluation_dialogues() -> list[LabelledDialogue]:
    """Read the shipped dialogues that were written apart, for evaluation."""
    return read_labelled_dialogues(sorted(DIALOGUES.glob("evaluation*.jsonl")))


def train(dialogues: Sequence[LabelledDialogue], seed: int = 0) -> OfflineModel:
    """Train a model; the same dialogues and seed give the same one."""
    spoken = [dialogue for dialogue in dialogues if dialogue.customer_speaks]
    calls, labels = [dialogue.turns for dialogue in spoken], np.array([dialogue.leaf for dialogue in spoken])
    features, fitted = _fit(calls, labels)
    return OfflineModel(
        features=features,
        leaves=tuple(str(leaf) for leaf in fitted.classes_),
        weights=fitted.coef_.astype(np.float16),
        intercept=fitted.intercept_.astype(np.float32),
        temperature=_temperature(calls, labels, seed),
        card={
            "training_dialogues": len(spoken),
            "training_sha256": digest(dialogues),
            "taxonomy": Taxonomy.load().version,
            "limits": "Trained on dialogues written for the purpose, not on real calls. Reads words, not meaning.",
        },
    )


def evaluate(model: OfflineModel, dialogues: Sequence[LabelledDialogue], floor: float) -> Figures:
    """Measure a model as the pipeline would use it: silent customers by rule, below ``floor`` uncertain."""
    taxonomy = Taxonomy.load()
    empty = taxonomy.leaves[EMPTY_CALL]
    calls = []
    for dialogue, row in zip(dialogues, model.probabilities([own.turns for own in dialogues]), strict=True):
        spoken, best = dialogue.customer_speaks, int(row.argmax())
        guess, confidence = (taxonomy.leaves[model.leaves[best]], float(row[best])) if spoken else (empty, 1.0)
        expected = taxonomy.leaves[dialogue.leaf]
        calls.append(judged(dialogue.id, "", expected, guess, confidence, floor, by_rule=not spoken))
    return figures(calls, taxonomy)


def matrix(features: Features, calls: Sequence[Sequence[SaidTurn]]) -> csr_matrix:
    """Return what is in calls, one or more, shape (calls, features)."""
    found = [features.found(call) for call in calls]
    ends = np.cumsum([0, *(len(columns) for columns, _ in found)])
    columns, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return csr_matrix((weights, columns, ends), shape=(len(calls), features.size))


def _fit(calls: Sequence[Sequence[SaidTurn]], labels: npt.NDArray[np.str_]) -> tuple[Features, LogisticRegression]:
    features = Features.fit(calls)
    classifier = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=1000, class_weight="balanced")
    return features, classifier.fit(matrix(features, calls), labels)


def _temperature(calls: Sequence[Sequence[SaidTurn]], labels: npt.NDArray[np.str_], seed: int) -> float:
    """Choose the temperature that makes held-out labels most likely (Guo et al. 2017, arXiv:1706.04599)."""
    scores, truth = [], []
    for learnt, held_out in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(calls, labels):
        features, classifier = _fit([calls[i] for i in learnt], labels[learnt])
        scores.append(classifier.decision_function(matrix(features, [calls[i] for i in held_out])))
        truth.append(np.searchsorted(classifier.classes_, labels[held_out]))
    score, label = np.concatenate(scores), np.concatenate(truth)
    candidates = np.geomspace(0.1, 10.0, 400)
    likelihood = [np.log(softmax(score / t)[np.arange(label.size), label] + 1e-12).mean() for t in candidates]
    return float(candidates[int(np.argmax(likelihood))])


def card_with(model: OfflineModel, dialogues: Sequence[LabelledDialogue], found: Figures) -> dict[str, object]:
    """Return the model's card with what it reached on ``dialogues``."""
    accuracy, selective = found["accuracy"], found["selective_accuracy"]
    return model.card | {
        "evaluation_dialogues": found["n"],
        "evaluation_sha256": digest(dialogues),
        "category_accuracy": round(known(accuracy["category"]), 4),
        "leaf_accuracy": round(known(accuracy["leaf"]), 4),
        "coverage": round(known(found["coverage"]), 4),
        "category_accuracy_when_answered": round(known(selective["category"]), 4),
        "leaf_accuracy_when_answered": round(known(selective["leaf"]), 4),
    }


def digest(dialogues: Sequence[LabelledDialogue]) -> str:
    """Return the SHA-256 of dialogues; when they were and how many they stand for does not count: neither is learnt."""
    lines = (dialogue.model_dump_json(exclude={"ended_at", "weight"}) for dialogue in dialogues)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
