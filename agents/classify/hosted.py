"""A classifier that asks a hosted model: within limits and budget, once more where the answer is garbled."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from agents.classify import metrics
from agents.classify.answer import read_answer
from agents.classify.budget import DailyBudget
from agents.classify.classifier import HostedModel, Reply
from agents.classify.core import Answer, Source
from agents.classify.errors import (
    AnswerBlocked,
    GarbledAnswer,
    GarbledExtras,
    ModelBusy,
    ModelThrottles,
    RequestRefused,
    unanswered,
)
from agents.classify.limits import Limiter, Passage
from agents.classify.prompt import Prompt, make_prompt, prompt_version
from agents.classify.settings import ClassifySettings
from agents.classify.usage import estimated_tokens, total
from schemas import Leaf, Taxonomy, Turn, Usage
from streams.errors import DependencyDown

_TURNED_AWAY_TIMES = 5
_BLOCKED_TIMES = 3
_ANSWER_TOKENS = 400
"""What an answer takes as a rule."""


class HostedClassifier:
    """Asks a hosted model for JSON that fits the taxonomy."""

    def __init__(self, model: HostedModel, settings: ClassifySettings, taxonomy: Taxonomy) -> None:
        """Make the classifier; nobody is asked yet."""
        self._model = model
        self._settings = settings
        self._taxonomy = taxonomy
        self._zone = ZoneInfo(settings.time_zone)
        self._price = settings.prices.get(settings.gemini_model)
        self._budget = DailyBudget(settings.daily_budget, self._zone)
        self._limiter = Limiter(
            requests=settings.gemini_requests_per_minute,
            tokens=settings.gemini_tokens_per_minute,
            concurrency=settings.gemini_concurrency,
            longest_pause_s=settings.gemini_longest_pause_s,
        )
        self.source = Source(model.classifier, settings.gemini_model, prompt_version(taxonomy))

    def prompt(self, turns: Sequence[Turn], ended_at: datetime | None) -> Prompt:
        """Return the request for a transcript."""
        return make_prompt(
            turns,
            self._taxonomy,
            turn_chars=self._settings.gemini_turn_chars,
            transcript_chars=self._settings.gemini_transcript_chars,
            local_time=self._local(ended_at),
        )

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Ask about one transcript, as often as samples are to agree."""
        prompt = self.prompt(turns, ended_at)
        times = self._settings.samples if self._settings.agreement == "samples" else 1
        usages: list[Usage] = []
        asked = (self._unblocked(prompt, self._local(ended_at), usages) for _ in range(times))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        most_named = agreed([answer for answer in answers if isinstance(answer, Answer)])
        return replace(most_named, usage=total(usages))

    async def _unblocked(self, prompt: Prompt, local_time: datetime | None, usages: list[Usage]) -> Answer:
        """Ask again where filters stop the answer: they judge what the model happened to write, too."""
        for _ in range(_BLOCKED_TIMES - 1):
            try:
                return await self._ask(prompt, local_time, usages)
            except AnswerBlocked:
                continue
        return await self._ask(prompt, local_time, usages)

    async def _ask(self, prompt: Prompt, local_time: datetime | None, usages: list[Usage]) -> Answer:
        """Ask once, and once more with what was wrong with the answer."""
        try:
            return self._read(await self._said(prompt, usages), prompt, local_time)
        except GarbledAnswer as fault:
            repaired = prompt.repaired(fault.message)
        try:
            return self._read(await self._said(repaired, usages), prompt, local_time)
        except GarbledExtras as fault:
            return fault.answer  # what a call was for is not lost over what else was said in it

    def _read(self, reply: Reply, prompt: Prompt, local_time: datetime | None) -> Answer:
        try:
            if reply.stopped == "MAX_TOKENS":
                raise GarbledAnswer(
                    "the answer was cut off, be shorter", "Raise CALLSIFT_CLASSIFY_GEMINI_ANSWER_TOKENS"
                )
            if reply.stopped is not None:
                raise AnswerBlocked("the model's filters stop the answer", "Look at the call; another model may answer")
            answer = read_answer(reply.text, self._taxonomy, prompt.shown, local_time)
        except GarbledAnswer:
            metrics.REQUESTS.labels("garbled").inc()
            raise
        except AnswerBlocked:
            metrics.REQUESTS.labels("blocked").inc()
            raise
        metrics.REQUESTS.labels("answered").inc()
        return answer

    async def _said(self, prompt: Prompt, usages: list[Usage]) -> Reply:
        """Send a request, again where the service turns it away: that is not the call's fault."""
        for _ in range(_TURNED_AWAY_TIMES - 1):
            try:
                return await self._sent(prompt, usages)
            except ModelThrottles:
                continue  # the limiter has paused
        return await self._sent(prompt, usages)

    async def _sent(self, prompt: Prompt, usages: list[Usage]) -> Reply:
        """Send one request when limits and budget allow it.

        Raises:
            BudgetSpent: Today's budget does not reach for it.
            ModelAway: The service refuses everybody, or asks to be left alone for long.
            ModelBusy: The service did not answer in time.
            RequestRefused: The service refuses this request.
        """
        sent_tokens = estimated_tokens([prompt.instruction, str(prompt.schema), *prompt.contents])
        expected, spent = self._cost(sent_tokens, _ANSWER_TOKENS), 0.0
        self._budget.reserve(expected)
        try:
            async with self._limiter.passage(sent_tokens + _ANSWER_TOKENS) as passage:
                reply = await self._replied(prompt, passage)
                usage = self._usage(reply, sent_tokens)
                passage.answered(usage.prompt_tokens + usage.answer_tokens)
            spent = usage.cost or 0.0
        finally:
            self._budget.settle(expected, spent)
            metrics.BUDGET.set(self._budget.share_spent)
        usages.append(usage)
        return reply

    async def _replied(self, prompt: Prompt, passage: Passage) -> Reply:
        try:
            async with asyncio.timeout(self._settings.gemini_timeout_s):  # the whole of it, however slowly it drips
                return await self._model.ask(prompt)
        except TimeoutError as error:
            metrics.REQUESTS.labels("busy").inc()
            raise unanswered(error, refused=False) from None
        except ModelThrottles as error:
            metrics.REQUESTS.labels("throttled").inc()
            passage.throttled(error.retry_after_s)
            raise
        except ModelBusy as error:
            metrics.REQUESTS.labels("busy").inc()
            self._limiter.pause(error.retry_after_s or 0.0)
            raise
        except DependencyDown:
            metrics.REQUESTS.labels("away").inc()
            raise
        except RequestRefused:
            metrics.REQUESTS.labels("refused").inc()
            raise

    def _usage(self, reply: Reply, sent_tokens: int) -> Usage:
        """Note what a request took, in the metrics too."""
        prompt_tokens = sent_tokens if reply.prompt_tokens is None else reply.prompt_tokens
        answer_tokens = estimated_tokens([reply.text or ""]) if reply.answer_tokens is None else reply.answer_tokens
        cost = self._cost(prompt_tokens, answer_tokens) if self._price else None
        metrics.TOKENS.labels("prompt").inc(prompt_tokens)
        metrics.TOKENS.labels("answer").inc(answer_tokens)
        metrics.COST.inc(cost or 0.0)
        currency = self._settings.currency if cost is not None else None
        return Usage(requests=1, prompt_tokens=prompt_tokens, answer_tokens=answer_tokens, cost=cost, currency=currency)

    def _cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        return self._price.cost(prompt_tokens, answer_tokens) if self._price else 0.0

    def _local(self, instant: datetime | None) -> datetime | None:
        return instant.astimezone(self._zone) if instant else None


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
