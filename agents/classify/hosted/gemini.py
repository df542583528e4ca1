"""Gemini through google-genai, natively asynchronous; with a key, or through Vertex AI."""

import aiohttp
import certifi
from google import genai
from google.auth.exceptions import GoogleAuthError
from google.genai import errors, types

from agents.classify.hosted.errors import GarbledAnswer, ModelAway, refusal, retry_delay_s, unanswered
from agents.classify.hosted.model import Reply
from agents.classify.hosted.prompt import Prompt
from agents.classify.settings import ClassifySettings
from streams.tls import client_context

_DONE = {None, "STOP", "FINISH_REASON_UNSPECIFIED"}


class GeminiModel:
    """One request at a time, translated both ways."""

    classifier = "gemini"

    def __init__(self, settings: ClassifySettings) -> None:
        """Make the client; no connection is opened yet."""
        self._settings = settings
        options = types.HttpOptions(
            base_url=settings.gemini_endpoint,
            timeout=round(settings.gemini_timeout_s * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),  # we try again ourselves, and count it
        )
        key = settings.gemini_api_key
        if key is not None:
            trusted = client_context()
            trusted.load_verify_locations(certifi.where())  # as the SDK does; not every machine has authorities
            options.async_client_args = {"ssl": trusted}
            self.client = genai.Client(api_key=key.get_secret_value(), vertexai=False, http_options=options)
        else:
            project, region = settings.vertex_ai or (None, None)
            self.client = genai.Client(vertexai=True, project=project, location=region, http_options=options)

    async def ask(self, prompt: Prompt, /) -> Reply:
        """Send one request."""
        config = types.GenerateContentConfig(
            system_instruction=prompt.instruction,
            response_mime_type="application/json",
            response_schema=prompt.schema,
            max_output_tokens=self._settings.gemini_answer_tokens,
        )
        try:
            response = await self.client.aio.models.generate_content(
                model=self._settings.gemini_model, contents=[*prompt.contents], config=config
            )
        except errors.APIError as error:  # its text may quote the request
            raise refusal(error.code, str(error), _delay_s(error)) from None
        except GoogleAuthError as error:
            raise ModelAway(
                f"no credentials for Vertex AI: {type(error).__name__}",
                "Give the worker a service account, or use CALLSIFT_GEMINI_API_KEY",
            ) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise unanswered(error, refused=isinstance(error, aiohttp.ClientConnectorError)) from None
        except ValueError:
            raise GarbledAnswer("the service's reply is not JSON", "Check CALLSIFT_CLASSIFY_GEMINI_ENDPOINT") from None
        return _reply(response)


def _reply(response: types.GenerateContentResponse) -> Reply:
    candidate = response.candidates[0] if response.candidates else None
    parts = (candidate.content.parts if candidate and candidate.content else None) or []
    texts = [part.text for part in parts if part.text and not part.thought]
    reason = candidate.finish_reason.value if candidate and candidate.finish_reason else None
    blocked = response.prompt_feedback and response.prompt_feedback.block_reason
    usage = response.usage_metadata or types.GenerateContentResponseUsageMetadata()
    sent, made = usage.prompt_token_count, None
    if sent is not None:
        made = max((usage.total_token_count or 0) - sent, usage.candidates_token_count or 0)
    return Reply(
        text="".join(texts) or None,
        stopped="BLOCKED" if blocked else None if reason in _DONE else reason,
        prompt_tokens=sent,
        answer_tokens=made,
    )


def _delay_s(error: errors.APIError) -> float | None:
    body = error.details
    inner = body.get("error") if isinstance(body, dict) else None
    details = inner.get("details") if isinstance(inner, dict) else None
    return retry_delay_s(details, getattr(error.response, "headers", None) or {})
