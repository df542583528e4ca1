"""A classifier that asks a hosted model, once more where its answer is garbled, and reads what it says."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agents.classify import metrics
from agents.classify.core import Answer, Source
from agents.classify.hosted.answer import read_answer
from agents.classify.hosted.errors import AnswerBlocked, GarbledAnswer
from agents.classify.hosted.metered import MeteredModel
from agents.classify.hosted.model import HostedModel, Reply
from agents.classify.hosted.prompt import TEMPLATE, Prompt, make_prompt, prompt_version
from agents.classify.hosted.usage import total
from agents.classify.settings import ClassifySettings
from schemas import Leaf, Taxonomy, Turn, Usage

_FILTERS = {"BLOCKED", "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"}
"""Reasons to stop (Gemini API, FinishReason) that are about what was written; others are no judgement of the call."""
_MOST_KEPT = 512
"""Calls of which is kept what was bought: for their next try, and for events that come twice."""


@dataclass
class _Bought:
    """What asking about one call has brought so far, and taken."""

    answers: list[Answer] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever asks: the same question at the same moment waits for the answer."""


class HostedClassifier:
    """Asks a hosted model for JSON that fits the taxonomy."""

    def __init__(
        self,
        model: HostedModel | MeteredModel,
        settings: ClassifySettings,
        taxonomy: Taxonomy,
        template: Path | None = None,
    ) -> None:
        """Make the classifier; nobody is asked yet.

        Args:
            model: What is asked. Classifiers that are given the same metered one share its limits and its budget.
            settings: How it is asked.
            taxonomy: What it chooses from.
            template: Of the prompt; None: that beside the taxonomy, or the shipped one.
        """
        self._settings = settings
        self._taxonomy = taxonomy
        self._template = template or taxonomy.beside(TEMPLATE.name) or TEMPLATE
        self._zone = ZoneInfo(settings.time_zone)
        self._model = model if isinstance(model, MeteredModel) else MeteredModel(model, settings)
        self._bought: dict[bytes, _Bought] = {}
        self._times = settings.samples
        conditions = (self._times, settings.gemini_turn_chars, settings.gemini_transcript_chars, settings.time_zone)
        self.source = Source(
            model.classifier, settings.gemini_model, prompt_version(taxonomy, self._template), conditions
        )

    def prompt(self, turns: Sequence[Turn], ended_at: datetime | None) -> Prompt:
        """Return the request for a transcript."""
        return make_prompt(
            turns,
            self._taxonomy,
            turn_chars=self._settings.gemini_turn_chars,
            transcript_chars=self._settings.gemini_transcript_chars,
            local_time=self._local(ended_at),
            template=self._template,
        )

    def estimated(self, turns: Sequence[Turn], ended_at: datetime | None) -> Usage:
        """Return what asking about a transcript will take, as far as that can be told without asking."""
        return total([self._model.estimated(self.prompt(turns, ended_at))] * self._times)

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Ask about one transcript, as often as samples are to agree; what was bought already is not bought again."""
        prompt = self.prompt(turns, ended_at)
        bought = self._kept(prompt)
        async with bought.asking:
            missing = self._times - len(bought.answers)
            asking = (self._ask_with_repair(prompt, self._local(ended_at), bought) for _ in range(missing))
            # no TaskGroup: the first to fail would end the others, which are paid for
            for failure in await asyncio.gather(*asking, return_exceptions=True):
                if failure is not None:
                    raise failure
        return replace(agreed(bought.answers), usage=total(bought.usages))

    def _kept(self, prompt: Prompt) -> _Bought:
        """Return what was bought for a question; of what is kept the longest unused makes room."""
        key = hashlib.sha256("\0".join(prompt.contents).encode()).digest()
        bought = self._bought[key] = self._bought.pop(key, _Bought())
        if len(self._bought) > _MOST_KEPT:
            del self._bought[next(iter(self._bought))]
        return bought

    async def _ask_with_repair(self, prompt: Prompt, local_time: datetime | None, bought: _Bought) -> None:
        """Ask once, and once more with what was wrong with the answer; what is usable is added to what is bought."""
        try:
            answer = self._read(await self._reply(prompt, bought.usages), prompt, local_time)
        except GarbledAnswer as fault:
            repaired = prompt.repaired(fault.message)
            answer = self._read(await self._reply(repaired, bought.usages), prompt, local_time)
        bought.answers.append(answer)

    async def _reply(self, prompt: Prompt, usages: list[Usage]) -> Reply:
        reply, usage = await self._model.ask(prompt)
        usages.append(usage)
        return reply

    def _read(self, reply: Reply, prompt: Prompt, local_time: datetime | None) -> Answer:
        try:
            if reply.stopped in _FILTERS:
                raise AnswerBlocked("the model's filters stop the answer", "Look at the call; another model may answer")
            answer = self._whole(reply, prompt, local_time)
        except GarbledAnswer:
            metrics.REQUESTS.labels("garbled").inc()
            raise
        except AnswerBlocked:
            metrics.REQUESTS.labels("blocked").inc()
            raise
        metrics.REQUESTS.labels("answered").inc()
        return answer

    def _whole(self, reply: Reply, prompt: Prompt, local_time: datetime | None) -> Answer:
        """Read an answer; one that is whole counts, whatever made the model stop after it."""
        try:
            return read_answer(reply.text, self._taxonomy, prompt.shown, local_time)
        except GarbledAnswer:
            if reply.stopped == "MAX_TOKENS":
                raise GarbledAnswer(
                    "the answer was cut off, be shorter", "Raise CALLSIFT_CLASSIFY_GEMINI_ANSWER_TOKENS"
                ) from None
            raise

    def _local(self, instant: datetime | None) -> datetime | None:
        try:
            return instant.astimezone(self._zone) if instant else None
        except OverflowError:  # the last day of the year 9999: some library's way to say never
            return None


def agreed(answers: Sequence[Answer]) -> Answer:
    """Return the surest answer of the leaf that most name; where several share that, of the one named more surely."""
    if len(answers) == 1:
        return answers[0]
    by_leaf: defaultdict[Leaf, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_leaf[answer.leaf].append(answer)
    named = max(by_leaf.values(), key=lambda those: (len(those), sum(answer.confidence for answer in those)))
    best = max(named, key=lambda answer: answer.confidence)
    mean = sum(answer.confidence for answer in named) / len(named)
    return replace(best, confidence=mean, agreement=len(named) / len(answers))
