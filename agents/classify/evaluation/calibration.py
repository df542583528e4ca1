"""Whether confidences mean what they say, and how to correct them where they do not."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from agents.classify.evaluation.judged import Judged, interval, share
from review.proportions import Interval
from schemas.taxonomy import UNCERTAIN

BINS = 10
_FLOORS = 100
WANTED = 0.95
"""Share of the answered leaves that a sufficient confidence floor makes right."""
_FEWEST = 10
"""Right and wrong guesses, each, below which a correction would fit noise."""
_EDGE = 1e-4
"""Confidences are kept this far from 0 and 1, where the logit ends."""

Floats = npt.NDArray[np.float64]
Bin = TypedDict(
    "Bin",
    {
        "from": float,
        "to": float,
        "n": int,
        "confidence": float | None,
        "accuracy": float | None,
        "interval": Interval | None,
    },
)
"""The guesses whose confidence is in one tenth: how many, how sure and how right on average."""


class Reliability(TypedDict):
    """How far confidences are from how often guesses are right; ``ece`` is null without guesses."""

    ece: float | None
    bins: list[Bin]


class Correction(Reliability):
    """A correction of the confidence, and how reliable the corrected ones are."""

    slope: float
    intercept: float


class RiskPoint(TypedDict):
    """What one confidence floor would do."""

    floor: float
    coverage: float | None
    risk: float | None


def calibration(calls: Sequence[Judged]) -> Reliability:
    """Compare the confidence of guesses with how often they are right, over those that a classifier was asked for.

    ``ece`` is the expected calibration error (Guo et al. 2017, arXiv:1706.04599) over ten bins of equal width.
    """
    confidence = np.array([call.confidence for call in calls])
    return _reliability(confidence, [call.guess == call.expected for call in calls])


def risk_coverage(calls: Sequence[Judged]) -> list[RiskPoint]:
    """Return for every confidence floor in hundredths what would be answered, and how much of it wrongly.

    ``coverage`` is as in the figures; ``risk`` is 1 − the selective accuracy of leaves, null where nothing is answered.
    """
    curve: list[RiskPoint] = []
    for step in range(_FLOORS + 1):
        floor = step / _FLOORS
        kept = [call for call in calls if _answered_at(call, floor)]
        right = share([call.guess == call.expected for call in kept])
        covered = share([_answered_at(call, floor) for call in calls if call.answerable])
        curve.append({"floor": floor, "coverage": covered, "risk": None if right is None else 1 - right})
    return curve


def sufficient_floor(calls: Sequence[Judged]) -> RiskPoint | None:
    """Return the lowest confidence floor with which 95 % of the answered leaves are right; None where there is none."""
    return next((own for own in risk_coverage(calls) if own["risk"] is not None and own["risk"] <= 1 - WANTED), None)


def correction(calls: Sequence[Judged], seed: int = 0) -> Correction | None:
    """Fit a correction of the confidence; None where fewer than ten guesses are right, or fewer than ten wrong.

    It is Platt's: ``1 / (1 + exp(−(slope · logit(confidence) + intercept)))``. Its ``ece`` and ``bins`` are
    cross-fitted over five folds: no call is corrected by what was learnt from it.
    """
    asked = [call for call in calls if call.guess is not None and not call.by_rule]
    right = np.array([call.guess == call.expected for call in asked], dtype=bool)
    if min(right.sum(), (~right).sum()) < _FEWEST:
        return None
    confidence = np.clip([call.confidence for call in asked], _EDGE, 1 - _EDGE)
    logits = np.log(confidence / (1 - confidence)).reshape(-1, 1)
    model = LogisticRegression(C=1e6)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    held_out = cross_val_predict(model, logits, right, cv=folds, method="predict_proba")[:, 1]
    fitted = model.fit(logits, right)
    return {
        "slope": float(fitted.coef_[0, 0]),
        "intercept": float(fitted.intercept_[0]),
        **_reliability(held_out, right.tolist()),
    }


def _answered_at(call: Judged, floor: float) -> bool:
    sure = call.by_rule or call.confidence >= floor
    return call.guess is not None and call.guess.category != UNCERTAIN and sure


def _reliability(confidence: Floats, right: Sequence[bool]) -> Reliability:
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins: list[Bin] = []
    error = 0.0
    for position in range(BINS):
        inside = np.flatnonzero(number == position)
        hits = [right[int(index)] for index in inside]
        stated = float(confidence[inside].mean()) if hits else None
        accuracy = share(hits)
        if stated is not None and accuracy is not None:
            error += abs(stated - accuracy) * len(hits) / len(right)
        bins.append(
            {
                "from": position / BINS,
                "to": (position + 1) / BINS,
                "n": len(hits),
                "confidence": stated,
                "accuracy": accuracy,
                "interval": interval(hits),
            }
        )
    return {"ece": error if len(right) else None, "bins": bins}
