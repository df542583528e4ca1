"""Training the offline classifier from the labelled dialogues, and measuring it on dialogues written apart."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from agents.classify.dialogues import SaidTurn
from agents.classify.evaluation.figures import Figures, figures
from agents.classify.evaluation.judged import Judged, judged, known
from agents.classify.labelled import LabelledDialogue, read_labelled_dialogues
from agents.classify.offline.features import Features
from agents.classify.offline.model import ENOUGH_EXAMPLES, OfflineModel, softmax
from schemas import Taxonomy
from schemas.taxonomy import EMPTY_CALL, UNCERTAIN
from streams.errors import CallsiftError

DIALOGUES = Path(__file__).with_name("dialogues")
_INVERSE_REGULARISATION = 10.0
_FOLDS = 5
_FEWEST_LEAVES = 2
_LEAST_TO_VALIDATE = 7
"""Dialogues of a leaf of which four fifths are still enough to fit a temperature."""


def training_dialogues() -> list[LabelledDialogue]:
    """Read the shipped dialogues for training."""
    return read_labelled_dialogues(sorted(DIALOGUES.glob("training-*.jsonl")), Taxonomy.shipped())


def evaluation_dialogues() -> list[LabelledDialogue]:
    """Read the shipped dialogues that were written apart, for evaluation."""
    return read_labelled_dialogues(sorted(DIALOGUES.glob("evaluation*.jsonl")), Taxonomy.shipped())


def train(
    dialogues: Sequence[LabelledDialogue], seed: int = 0, *, taxonomy: Taxonomy | None = None, language: str = "tr"
) -> OfflineModel:
    """Train a model; the same dialogues and seed give the same one.

    Of leaves with fewer dialogues than folds nothing is learnt; those with fewer than ``ENOUGH_EXAMPLES`` are learnt,
    so that no other is answered in their place, and never answered themselves. The card names both.

    Each dialogue is learnt from twice: as it is, and undivided. Where only the agent speaks, the first needs no
    classifier, and of the second nobody can tell: it is uncertain. A call whose speakers are kept apart is scored by
    what was learnt of both.
    """
    counts = Counter(dialogue.leaf for dialogue in dialogues if dialogue.customer_speaks)
    taxonomy = taxonomy or Taxonomy.shipped()
    leaves = sorted(leaf for leaf, count in counts.items() if count >= _FOLDS)
    if len(leaves) < _FEWEST_LEAVES:
        raise CallsiftError(
            f"there is nothing to tell apart: {len(leaves)} categories have {_FOLDS} dialogues or more",
            "Label more calls (docs/own-business.md)",
        )
    spoken = [dialogue for dialogue in dialogues if dialogue.customer_speaks and dialogue.leaf in leaves]
    silent = [
        dialogue
        for dialogue in dialogues
        if UNCERTAIN in leaves and not dialogue.customer_speaks and any(turn.text.strip() for turn in dialogue.turns)
    ]
    apart, together = _fit_both(spoken, silent)
    rare = {leaf: counts[leaf] for leaf in leaves if counts[leaf] < ENOUGH_EXAMPLES}
    unknown = {leaf: counts[leaf] for leaf in taxonomy.leaves if leaf not in leaves and leaf != EMPTY_CALL}
    return OfflineModel(
        features=Features.fit([*(own.turns for own in spoken), *(own.undivided.turns for own in (*spoken, *silent))]),
        leaves=tuple(leaves),
        weights=np.hstack([apart.weights, together.weights]).astype(np.float16),
        intercept=np.stack([apart.intercept + together.intercept, together.intercept]).astype(np.float32),
        temperature=_temperatures(spoken, silent, seed),
        card={
            "training_dialogues": len(spoken),
            "training_sha256": digest(dialogues),
            "taxonomy": taxonomy.version,
            "language": language,
            "unsure": rare,
            "not_learnt": unknown,
            "limits": "Trained on dialogues written for the purpose, not on real calls. Reads words, not meaning.",
        },
    )


def evaluate(
    model: OfflineModel, dialogues: Sequence[LabelledDialogue], floor: float, taxonomy: Taxonomy | None = None
) -> Figures:
    """Measure a model as the pipeline would use it: silent customers by rule, below ``floor`` uncertain."""
    taxonomy = taxonomy or Taxonomy.shipped()
    return figures(_judged(model, dialogues, floor, taxonomy), taxonomy)


def cross_validated(
    dialogues: Sequence[LabelledDialogue], floor: float, taxonomy: Taxonomy, seed: int = 0
) -> tuple[Figures, Figures]:
    """Measure on dialogues what is learnt from the others of them, as they are and undivided.

    A leaf with too few dialogues to be answered by a model of all of them is not answered here either.
    """
    counts = Counter(dialogue.leaf for dialogue in dialogues)
    rare = {leaf: count for leaf, count in counts.items() if count < ENOUGH_EXAMPLES}
    apart: list[Judged] = []
    together: list[Judged] = []
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    learnable = [dialogue for dialogue in dialogues if counts[dialogue.leaf] >= _LEAST_TO_VALIDATE]
    for learnt, held_out in folds.split(learnable, [dialogue.leaf for dialogue in learnable]):
        model = train([learnable[i] for i in learnt], seed, taxonomy=taxonomy)
        model = replace(model, card=model.card | {"unsure": rare})
        others = [learnable[i] for i in held_out]
        apart += _judged(model, others, floor, taxonomy)
        together += _judged(model, [dialogue.undivided for dialogue in others], floor, taxonomy)
    return figures(apart, taxonomy), figures(together, taxonomy)


def _judged(
    model: OfflineModel, dialogues: Sequence[LabelledDialogue], floor: float, taxonomy: Taxonomy
) -> list[Judged]:
    empty = taxonomy.leaves[EMPTY_CALL]
    calls: list[Judged] = []
    for dialogue, row in zip(dialogues, model.probabilities([own.turns for own in dialogues]), strict=True):
        spoken, best = dialogue.customer_speaks, int(row.argmax())
        code = UNCERTAIN if model.leaves[best] in model.unsure else model.leaves[best]
        guess, confidence = (taxonomy.leaves[code], float(row[best])) if spoken else (empty, 1.0)
        expected = taxonomy.leaves[dialogue.leaf]
        calls.append(judged(dialogue.id, "", expected, guess, confidence, floor, by_rule=not spoken))
    return calls


def matrix(features: Features, calls: Sequence[Sequence[SaidTurn]]) -> csr_matrix:
    """Return what is in calls, one or more, shape (calls, features)."""
    found = [features.found(call) for call in calls]
    ends = np.cumsum([0, *(len(columns) for columns, _ in found)])
    columns, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return csr_matrix((weights, columns, ends), shape=(len(calls), features.size))


class _Fitted(NamedTuple):
    """What was learnt from calls of one kind."""

    features: Features
    weights: npt.NDArray[np.float64]
    """Shape (leaves, features)."""
    intercept: npt.NDArray[np.float64]
    """Shape (leaves,)."""

    def scores(self, calls: Sequence[Sequence[SaidTurn]]) -> npt.NDArray[np.float64]:
        """Return the scores of calls, shape (calls, leaves)."""
        scores: npt.NDArray[np.float64] = matrix(self.features, calls) @ self.weights.T + self.intercept
        return scores


def _fit_both(spoken: Sequence[LabelledDialogue], silent: Sequence[LabelledDialogue]) -> tuple[_Fitted, _Fitted]:
    """Learn from dialogues as they are, and from the same undivided, together with those of silent customers."""
    leaves = [own.leaf for own in spoken]
    together = [own.undivided.turns for own in (*spoken, *silent)]
    return _fit([own.turns for own in spoken], leaves), _fit(together, leaves + [UNCERTAIN] * len(silent))


def _fit(calls: Sequence[Sequence[SaidTurn]], leaves: Sequence[str]) -> _Fitted:
    features = Features.fit(calls)
    classifier = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=1000, class_weight="balanced")
    return _Fitted(features, *_of_each(classifier.fit(matrix(features, calls), np.array(leaves))))


def _of_each(fitted: LogisticRegression) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return weights and intercept of each leaf; of two leaves scikit-learn has only what speaks for the second."""
    weights, intercept = fitted.coef_, fitted.intercept_
    if len(weights) == 1:
        return np.vstack([-weights, weights]) / 2, np.hstack([-intercept, intercept]) / 2
    return weights, intercept


def _temperatures(
    spoken: Sequence[LabelledDialogue], silent: Sequence[LabelledDialogue], seed: int
) -> npt.NDArray[np.float64]:
    """Choose the temperatures of scores of calls whose speakers are kept apart, and of undivided ones; shape (2,)."""
    leaves = np.array([own.leaf for own in spoken])
    both, alone, truth = [], [], []
    for learnt, held_out in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(spoken, leaves):
        apart, together = _fit_both([spoken[i] for i in learnt], silent)
        others = [spoken[i] for i in held_out]
        alone.append(together.scores([own.undivided.turns for own in others]))
        both.append(apart.scores([own.turns for own in others]) + alone[-1])
        truth.append(np.searchsorted(np.unique(leaves), leaves[held_out]))
    label = np.concatenate(truth)
    return np.array([_temperature(np.concatenate(scores), label) for scores in (both, alone)])


def _temperature(scores: npt.NDArray[np.float64], label: npt.NDArray[np.int64]) -> float:
    """Choose the temperature that makes held-out labels most likely (Guo et al. 2017, arXiv:1706.04599)."""
    candidates = np.geomspace(0.1, 10.0, 400)
    likelihood = [np.log(softmax(scores / t)[np.arange(label.size), label] + 1e-12).mean() for t in candidates]
    return float(candidates[int(np.argmax(likelihood))])


def card_with(
    model: OfflineModel, dialogues: Sequence[LabelledDialogue], found: Figures, undivided: Figures
) -> dict[str, object]:
    """Return the model's card with what it reached on ``dialogues``, as they are and undivided."""
    return model.card | {
        "evaluation_dialogues": found["n"],
        "evaluation_sha256": digest(dialogues),
        **_reached(found),
        "undivided": _reached(undivided),
    }


def _reached(found: Figures) -> dict[str, float]:
    accuracy, selective = found["accuracy"], found["selective_accuracy"]
    return {
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
