"""One call as its template shows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.calls.reading import Transcript
from pages.call.answers import Answered, answered
from pages.call.listening import Listening, Sound, listening
from pages.calls.view import duration_s, stage_title
from pages.categories import Category, category_named, category_of, title_of
from pages.confidence import Confidence, confidence_of
from pages.words import Language
from schemas import CallOutcome, Hop, Insights, LeafName, MachineAnswer, Speaker, Taxonomies, Taxonomy
from store.labels import StoredLabel
from store.revisions import machine_answer

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Talk:
    """What one speaker did."""

    speaker: Speaker
    share: float
    talk_s: float
    details: str


@dataclass(frozen=True)
class Stage:
    """One stage that the call passed."""

    title: str
    seconds: float
    waited_s: float
    """From the end of the stage before, or from hang-up."""
    attempts: int


@dataclass(frozen=True)
class Revision:
    """One of the call's outcomes."""

    number: int
    decided_at: datetime
    category: Category | None
    confidence: Confidence | None
    by: str


@dataclass(frozen=True)
class Said:
    """What one person said that the call was for."""

    category: Category
    by: str
    at: datetime
    marks: Sequence[str]
    """Cause, and how the label came about."""
    note: str | None


@dataclass(frozen=True)
class CallView:
    """All of it."""

    outcome: CallOutcome
    """The caller masked, as the looker may see it."""
    category: Category | None
    confidence: Confidence | None
    is_human: bool
    """Whether a person decided; then ``machine`` is what the classifier says."""
    machine: MachineAnswer | None
    """The machine's answer; None where it has none."""
    machine_category: Category | None
    machine_confidence: Confidence | None
    best_guess: str | None
    failed_in: str | None
    """The stage that gave it up."""
    duration_s: float | None
    facts: Pairs
    listening: Listening
    insights: Pairs
    answers: Sequence[Answered]
    """What it says to the company's own questions."""
    talk: Sequence[Talk]
    figures: Pairs
    stages: Sequence[Stage]
    total_s: float
    """From hang-up to the outcome."""
    versions: Pairs
    revisions: Sequence[Revision]
    labels: Sequence[Said]
    """What people said, the newest first; empty for who may not see it."""
    became: Pairs
    """What became of it."""
    metadata: Pairs


def call_view(
    outcome: CallOutcome,
    said: Transcript,
    revisions: Sequence[CallOutcome],
    labels: Sequence[StoredLabel],
    sound: Sound,
    language: Language,
) -> CallView:
    """Return what is shown of a call."""
    taxonomy = Taxonomies.load().behind(outcome)
    stages, machine = _stages(outcome, language), machine_answer(outcome)
    return CallView(
        outcome=outcome,
        category=category_of(outcome, language),
        confidence=confidence_of(outcome.confidence),
        is_human=outcome.source == "human",
        machine=machine,
        machine_category=_named(machine, taxonomy, language) if machine else None,
        machine_confidence=confidence_of(machine.confidence) if machine else None,
        best_guess=title_of(machine.best_guess, language.code, taxonomy) if machine and machine.best_guess else None,
        failed_in=stage_title(outcome.failure.stage, language) if outcome.failure else None,
        duration_s=duration_s(outcome),
        facts=_facts(outcome, language),
        listening=listening(outcome, said, sound),
        insights=_insights(outcome.insights, language),
        answers=answered(outcome, taxonomy, language),
        talk=_talk(outcome, language),
        figures=_figures(outcome, language),
        stages=stages,
        total_s=sum(stage.seconds + stage.waited_s for stage in stages),
        versions=_versions(outcome, language),
        revisions=[_revision(one, language) for one in reversed(revisions)],
        labels=[_said(one, taxonomy, language) for one in reversed(labels)],
        became=_became(outcome, language),
        metadata=[(name, str(value)) for name, value in outcome.metadata.items()],
    )


def _named(said: LeafName, taxonomy: Taxonomy, language: Language) -> Category:
    return category_named(said.category, said.sub_category, language.code, taxonomy)


def _facts(outcome: CallOutcome, language: Language) -> Pairs:
    facts = {
        "ended_at": language.moment(outcome.ended_at) if outcome.ended_at else None,
        "caller": outcome.caller,
        "agent": outcome.agent_id,
        "queue": outcome.queue,
        "direction": outcome.direction,
    }
    return [(language.t(f"call.{name}"), value) for name, value in facts.items() if value]


def _said(label: StoredLabel, taxonomy: Taxonomy, language: Language) -> Said:
    marks = [language.t(f"cause.{label.cause}")] if label.cause else []
    if label.refused:
        marks.append(language.t("label.stale"))
    elif not label.decides:
        marks.append(language.t("label.measured"))
    return Said(
        _named(label.final, taxonomy, language),
        label.reviewer,
        label.at,
        marks,
        label.note,
    )


def _became(outcome: CallOutcome, language: Language) -> Pairs:
    facts = {name: fact for name, fact in outcome.facts.items() if fact is not None}
    booked, value, currency = (facts.pop(name, None) for name in ("job_booked", "value", "currency"))
    found = []
    if isinstance(booked, bool):
        found.append((language.t("facts.job_booked"), _yes_or_no(booked, language) or ""))
    if isinstance(value, int | float):
        found.append((language.t("facts.value"), f"{language.number(value, 2)} {currency or ''}".strip()))
    return [*found, *((name, str(fact)) for name, fact in sorted(facts.items()))]


def _insights(insights: Insights | None, language: Language) -> Pairs:
    if insights is None:
        return []
    price = insights.price_quoted
    shown = {
        "service": insights.service,
        "brand": insights.brand,
        "fault": insights.fault,
        "place": insights.place,
        "urgency": language.t(f"urgency.{insights.urgency}") if insights.urgency else None,
        "price": f"{language.number(price, 2)} {insights.price_currency or ''}".strip() if price is not None else None,
        "callback": language.moment(insights.callback_at) if insights.callback_at else None,
        "appointment": _yes_or_no(insights.appointment_agreed, language),
    }
    return [(language.t(f"insight.{name}"), value) for name, value in shown.items() if value]


def _yes_or_no(value: bool | None, language: Language) -> str | None:
    return None if value is None else language.t({True: "answer.yes", False: "answer.no"}[value])


def _talk(outcome: CallOutcome, language: Language) -> list[Talk]:
    found = []
    for speaker, figures in outcome.figures.speakers.items() if outcome.figures else ():
        details = [language.t("figure.interruptions", n=figures.interruptions)]
        if figures.words_per_minute:
            details.insert(0, language.t("figure.pace", words=language.number(figures.words_per_minute)))
        found.append(Talk(speaker, figures.talk_ratio, figures.talk_s, " · ".join(details)))
    return found


def _figures(outcome: CallOutcome, language: Language) -> Pairs:
    figures, heard = outcome.figures, outcome.transcript_confidence
    shown = {
        "silence": language.seconds(figures.silence_s) if figures else None,
        "longest_silence": language.seconds(figures.longest_silence_s) if figures else None,
        "overlap": language.seconds(figures.overlap_s) if figures else None,
        "heard": language.percent(heard) if heard is not None else None,
    }
    return [(language.t(f"figure.{name}"), value) for name, value in shown.items() if value]


def _stages(outcome: CallOutcome, language: Language) -> list[Stage]:
    found, before = [], outcome.ended_at
    for hop in outcome.hops:
        waited_s = max(0.0, (hop.taken_at - before).total_seconds()) if before else 0.0
        found.append(Stage(stage_title(hop.stage, language), hop.seconds, waited_s, hop.attempts))
        before = _later(before, hop)
    return found


def _later(before: datetime | None, hop: Hop) -> datetime:
    return hop.finished_at if before is None else max(before, hop.finished_at)


def _versions(outcome: CallOutcome, language: Language) -> Pairs:
    if outcome.versions is None:
        return []
    shown = {"classifier": outcome.classifier, **outcome.versions.model_dump(exclude_none=True)}
    known = ("classifier", "taxonomy", "prompt", "model", "speech_model", "policy")
    return [(language.t(f"version.{name}"), str(shown[name])) for name in known if shown.get(name)]


def _revision(outcome: CallOutcome, language: Language) -> Revision:
    return Revision(
        number=outcome.revision,
        decided_at=outcome.decided_at,
        category=category_of(outcome, language),
        confidence=confidence_of(outcome.confidence),
        by=_decider(outcome, language),
    )


def _decider(outcome: CallOutcome, language: Language) -> str:
    if outcome.source == "human":
        return language.t("calls.human")
    return outcome.classifier or (stage_title(outcome.failure.stage, language) if outcome.failure else "")
