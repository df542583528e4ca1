"""Reading a hosted model's answer: whatever it says gives an answer that the taxonomy knows, or an error."""

from pydantic import BaseModel, Field, ValidationError

from agents.classify.core import Answer
from schemas import Taxonomy
from streams.errors import DependencyDown, PermanentError, TransientError


class GarbledAnswer(TransientError):
    """The model's answer is not what was asked for; another try may be."""


class ModelBusy(TransientError):
    """The model's service did not answer, or said to come back later."""

    dependency = "the hosted model"


class ModelAway(DependencyDown):
    """The model's service refuses connections, the key, or knows no such model: it would refuse every call."""

    dependency = "the hosted model"


class RequestRefused(PermanentError):
    """The service refuses this request, and would refuse it again."""


class _Reply(BaseModel):
    category: str
    sub_category: str | None = None
    confidence: float = Field(ge=0.0, le=1.0)
    justification: str = Field(min_length=1)
    evidence: tuple[int, ...] = ()
    summary: str | None = None


_CURE = "If it goes on, look at the model's name and the prompt (docs/classification.md)"


def read_answer(text: str | None, taxonomy: Taxonomy, turns: int) -> Answer:
    """Read the JSON that a model gave for a transcript of ``turns`` turns.

    Raises:
        GarbledAnswer: No JSON, a missing field, a leaf that does not exist, a turn that does not exist. The message
            names fields and rules, never what the model said: that may quote the call.
    """
    try:
        reply = _Reply.model_validate_json(text or "")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        found = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['type']}" for problem in problems[:5])
        raise GarbledAnswer(f"the model's answer is not as asked for: {found}", _CURE) from None
    try:
        leaf = taxonomy.leaf(reply.category, reply.sub_category)
    except ValueError:
        raise GarbledAnswer("the model's answer names no leaf of the taxonomy", _CURE) from None
    if any(not 0 <= position < turns for position in reply.evidence):
        raise GarbledAnswer(f"the model's answer quotes a turn that does not exist, the call has {turns}", _CURE)
    return Answer(leaf, reply.confidence, reply.justification, reply.evidence, reply.summary)


def refusal(code: int | None, text: str = "") -> TransientError | PermanentError:
    """Name the kind of a failure that the service reports by an HTTP status; ``text`` is looked at and never shown."""
    if code in {401, 403} or "API_KEY_INVALID" in text:  # Gemini answers a wrong key with 400
        return ModelAway(f"the model's service refuses the key with status {code}", "Check CALLSIFT_GEMINI_API_KEY")
    if code == 404:
        return ModelAway(
            "the model's service knows no such model (status 404)",
            "Check CALLSIFT_CLASSIFY_GEMINI_MODEL and CALLSIFT_CLASSIFY_GEMINI_ENDPOINT",
        )
    if code == 400:
        return RequestRefused(
            "the model's service refuses the request (status 400)",
            "Look at the call; if all are refused, check CALLSIFT_CLASSIFY_GEMINI_MODEL",
        )
    return ModelBusy(f"the model's service answered with status {code}", "Wait; if it goes on, look at its status page")


def unanswered(error: BaseException, *, refused: bool) -> ModelBusy | ModelAway:
    """Name a failure to reach the service at all; ``refused``: it did not even take the connection."""
    kind = ModelAway if refused else ModelBusy
    return kind(
        f"no answer from the model's service: {type(error).__name__}",
        "Check the network and CALLSIFT_CLASSIFY_GEMINI_TIMEOUT_S",
    )
