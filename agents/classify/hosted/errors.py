"""Every way in which a hosted model misbehaves, as an error of ours. No text of the service's is ever repeated."""

from collections.abc import Mapping

from streams.errors import DependencyDown, PermanentError, TransientError
from streams.retry_after import retry_after_s, seconds
from streams.tls import distrust

QUOTA_CURE = "Wait; if it goes on, raise the quota or lower CALLSIFT_CLASSIFY_GEMINI_REQUESTS_PER_MINUTE"


class GarbledAnswer(TransientError):
    """The model's answer is not what was asked for; another try may be."""


class AnswerBlocked(TransientError):
    """The model's filters stop its answer about this call. They judge what it happened to write, too: it may pass."""


class ModelBusy(TransientError):
    """The model's service did not answer, or said to come back later."""

    dependency = "the hosted model"


class ModelThrottles(DependencyDown):
    """The service turns requests away: it gets too many. That is never about one call, since requests are bounded."""

    dependency = "the hosted model"


class ModelAway(DependencyDown):
    """The model's service refuses connections or the key, is not trusted, or knows no such model: for every call."""

    dependency = "the hosted model"


class BudgetSpent(DependencyDown):
    """What may be spent on the hosted model today is spent."""

    dependency = "the day's budget for the hosted model"


class RequestRefused(PermanentError):
    """The service refuses this request, and would refuse it again."""


def refusal(code: int | None, text: str = "", retry_after_s: float | None = None) -> TransientError | PermanentError:
    """Name the kind of a failure that the service reports by an HTTP status; ``text`` is looked at and never shown."""
    if code in {401, 403} or "API_KEY_INVALID" in text:  # Gemini answers a wrong key with 400
        return ModelAway(f"the model's service refuses the key with status {code}", "Check CALLSIFT_GEMINI_API_KEY")
    if code == 400 and "FAILED_PRECONDITION" in text:
        return ModelAway(
            "the model's service refuses the account (status 400, FAILED_PRECONDITION)",
            "Check its billing, and whether the service is offered where the workers run",
        )
    if code == 404:
        return ModelAway(
            "the model's service knows no such model (status 404)",
            "Check CALLSIFT_CLASSIFY_GEMINI_MODEL and CALLSIFT_CLASSIFY_GEMINI_ENDPOINT",
        )
    if code in {400, 413, 422}:
        return RequestRefused(
            f"the model's service refuses the request (status {code})",
            "Look at the call; if all are refused, check CALLSIFT_CLASSIFY_GEMINI_MODEL",
        )
    busy: ModelBusy | ModelThrottles = ModelBusy(
        f"the model's service answered with status {code}", "Wait; if it goes on, look at its status page"
    )
    if code == 429:
        busy = ModelThrottles("the model's service turns requests away (status 429)", QUOTA_CURE)
    busy.retry_after_s = retry_after_s
    return busy


def unanswered(error: BaseException, *, refused: bool) -> ModelBusy | ModelAway:
    """Name a failure to reach the service at all, or to trust it; ``refused``: it did not even take the connection."""
    if why := distrust(error):
        return ModelAway(
            f"no answer from the model's service: {why}",
            "Name a file with its authority in SSL_CERT_FILE (gemini-legacy: REQUESTS_CA_BUNDLE); see docs/fetching.md",
        )
    kind = ModelAway if refused else ModelBusy
    return kind(
        f"no answer from the model's service: {type(error).__name__}",
        "Check the network and CALLSIFT_CLASSIFY_GEMINI_TIMEOUT_S",
    )


def retry_delay_s(details: object, headers: Mapping[str, str]) -> float | None:
    """Read how long the service asks to be left alone: from google.rpc.RetryInfo, else from Retry-After."""
    for detail in details if isinstance(details, list | tuple) else ():
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("google.rpc.RetryInfo"):
            return seconds(detail.get("retryDelay"))
    return retry_after_s(headers)
