"""Answers that have been given, kept in a file so that nobody is asked, or paid, twice."""

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas import CallClassified, Leaf
from streams.errors import CallsiftError


class Prediction(BaseModel):
    """What a classifier said of one call, whatever the confidence floor is."""

    model_config = ConfigDict(frozen=True)

    key: str
    """Digest of what was asked about and of who answered."""
    id: str
    """The call's identifier when it was asked about; for people only."""
    category: str
    sub_category: str | None
    confidence: float
    by_rule: bool
    """Whether no classifier was asked, since the customer said nothing."""
    justification: str
    seconds: float
    """What the answer took."""
    tokens: int = 0
    """Tokens sent and made."""
    cost: float | None = None
    """Estimated cost; None: nobody was paid, or the price is not known."""

    @property
    def leaf(self) -> Leaf:
        """What the call was said to be for."""
        return Leaf(self.category, self.sub_category)


class Predictions:
    """The file: one JSON object a line, written as soon as it is known; of two about one question the last holds."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a last line that was cut off when a run was killed is taken away.

        Raises:
            CallsiftError: The file cannot be read or written, or holds something else.
        """
        self._known: dict[str, Prediction] = {}
        try:
            self._file = path.open("a+", encoding="utf-8")
            self._file.seek(0)
            content = self._file.read()
            whole = content[: content.rfind("\n") + 1]
            if len(whole) < len(content):
                self._file.truncate(len(whole.encode()))
        except (OSError, UnicodeDecodeError) as error:
            problem = error.strerror if isinstance(error, OSError) else "it is no text"
            raise CallsiftError(f"cannot use {path}: {problem}", "Name another file with --predictions") from None
        for number, line in enumerate(whole.split("\n"), 1):
            if not line:
                continue
            try:
                prediction = Prediction.model_validate_json(line)
            except ValidationError:
                raise CallsiftError(
                    f"{path} line {number} is no prediction", "Name another file with --predictions, or delete it"
                ) from None
            self._known[prediction.key] = prediction

    def get(self, key: str) -> Prediction | None:
        """Return the answer to a question, if there is one."""
        return self._known.get(key)

    def add(self, prediction: Prediction) -> None:
        """Keep an answer, safe from a death of this process."""
        self._known[prediction.key] = prediction
        self._file.write(prediction.model_dump_json() + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def digest(*facts: object) -> str:
    """Return the digest of anything that JSON can say."""
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]


def prediction(key: str, call_id: str, result: CallClassified, seconds: float) -> Prediction:
    """Take down what was decided with no confidence floor."""
    usage = result.usage
    return Prediction(
        key=key,
        id=call_id,
        category=result.decision.category,
        sub_category=result.decision.sub_category,
        confidence=result.decision.confidence,
        by_rule=result.classifier == "rule",
        justification=result.decision.justification,
        seconds=round(seconds, 4),
        tokens=usage.prompt_tokens + usage.answer_tokens if usage else 0,
        cost=usage.cost if usage else None,
    )
