"""The operations page as its templates show it. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from api.operations.resource import LongWork
from pages.calls.view import stage_title
from pages.pipeline import Look
from pages.words import Language
from schemas import BrakeNotice, CallOutcome
from streams.topics import RETRIES


@dataclass(frozen=True)
class StageRow:
    """One stage, or the worker that moves what waits for another try."""

    name: str
    title: str
    workers: int | None
    """Consumers in its group; None: the brokers do not tell."""
    waiting: int
    oldest_s: float | None
    per_minute: float | None
    brake: BrakeNotice | None
    """None: it is not applied."""


@dataclass(frozen=True)
class RetryRow:
    """What waits on one retry topic."""

    after_s: int
    waiting: int
    next_due_at: datetime | None


@dataclass(frozen=True)
class WorkRow:
    """One piece of long work."""

    id: str
    title: str
    work: LongWork
    figures: tuple[tuple[str, str], ...]
    """How far it is, by the names of its kind."""

    @property
    def share(self) -> float | None:
        """How much of it is done, 0 to 1; None: nobody can say."""
        calls, published = (self.work.metadata.progress.get(name) for name in ("calls", "published"))
        if self.work.done or not isinstance(calls, int) or not isinstance(published, int):
            return None
        return published / max(1, calls)

    @property
    def may_be_cancelled(self) -> bool:
        """Whether there is anything left to end early."""
        return not self.work.done and not self.work.metadata.cancel_requested


@dataclass(frozen=True)
class Version:
    """What decided some of the newest calls."""

    classifier: str
    model: str
    taxonomy: str
    prompt: str
    speech_model: str
    calls: int
    newest_at: datetime


def stages(look: Look, language: Language) -> list[StageRow]:
    """Return all stages, then the retry mover."""
    return [
        StageRow(
            name=group.name,
            title=language.t("operations.retry_mover") if group.name == "retry" else stage_title(group.name, language),
            workers=group.members,
            waiting=group.lag,
            oldest_s=look.status.age_s(group.waiting_since),
            per_minute=look.per_minute.get(group.name),
            brake=look.brakes.get(group.name),
        )
        for group in look.status.groups
    ]


def retries(look: Look) -> list[RetryRow]:
    """Return the retry topics, the soonest first."""
    after_s = {topic.name: topic.delay_s or 0 for topic in RETRIES}
    return [RetryRow(after_s[one.topic], one.waiting, one.next_due_at) for one in look.status.retries]


def works(found: Iterable[LongWork], language: Language) -> list[WorkRow]:
    """Return long work as rows."""
    return [
        WorkRow(
            id=work.name.removeprefix("operations/"),
            title=language.t(f"operations.kind.{work.metadata.kind}"),
            work=work,
            figures=tuple(
                (name.replace("_", " "), language.number(value, 2) if isinstance(value, int | float) else str(value))
                for name, value in work.metadata.progress.items()
                if value is not None and not isinstance(value, bool | list | dict)
            ),
        )
        for work in found
    ]


def versions(outcomes: Iterable[CallOutcome]) -> list[Version]:
    """Return what decided some calls, the most frequent first."""
    known = [(one.versions, one.classifier or "", one.decided_at) for one in outcomes if one.versions is not None]
    counted = Counter((versions, classifier) for versions, classifier, _ in known)
    return [
        Version(
            classifier=classifier,
            model=used.model,
            taxonomy=used.taxonomy,
            prompt=used.prompt or "–",
            speech_model=used.speech_model,
            calls=calls,
            newest_at=max(at for versions, by, at in known if (versions, by) == (used, classifier)),
        )
        for (used, classifier), calls in counted.most_common()
    ]
