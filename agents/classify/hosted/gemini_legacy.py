"""Gemini through google-generativeai, whose support Google has ended: REST, in a thread, because it cannot wait."""

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

import requests
from google.api_core import exceptions
from google.generativeai.client import configure
from google.generativeai.generative_models import GenerativeModel
from google.generativeai.types import GenerationConfig, RequestOptions
from google.protobuf.json_format import ParseError

from agents.classify.hosted.errors import GarbledAnswer, refusal, retry_delay_s, unanswered
from agents.classify.hosted.model import Reply
from agents.classify.hosted.prompt import Prompt
from agents.classify.settings import ClassifySettings

if TYPE_CHECKING:
    from google.generativeai.types import GenerateContentResponse

_DONE = {"STOP", "FINISH_REASON_UNSPECIFIED"}


class LegacyGeminiModel:
    """One request at a time, translated both ways."""

    classifier = "gemini-legacy"

    def __init__(self, settings: ClassifySettings) -> None:
        """Configure the SDK, which keeps its key and endpoint for the whole process."""
        assert settings.gemini_api_key is not None  # noqa: S101 - the settings have checked it
        self._settings = settings
        configure(
            api_key=settings.gemini_api_key.get_secret_value(),
            transport="rest",
            client_options={"api_endpoint": settings.gemini_endpoint} if settings.gemini_endpoint else None,
        )

    async def ask(self, prompt: Prompt, /) -> Reply:
        """Send one request."""
        try:
            return _reply(await self._in_thread(prompt))
        except exceptions.RetryError as error:
            raise unanswered(error, refused=False) from None
        except exceptions.GoogleAPICallError as error:  # its text may quote the request
            headers = getattr(error.response, "headers", None) or {}
            body = getattr(error.response, "text", "")  # the SDK's text leaves out google.rpc.Status
            raise refusal(error.code, f"{error} {body}", retry_delay_s(error.details, headers)) from None
        except AttributeError as error:  # the SDK's own, over an error whose JSON is no object
            raise unanswered(error, refused=False) from None
        except (requests.RequestException, OSError) as error:
            raise unanswered(error, refused=_is_refusal(error)) from None
        except (ParseError, ValueError):
            raise GarbledAnswer("the service's reply is not JSON", "Check CALLSIFT_CLASSIFY_GEMINI_ENDPOINT") from None

    async def _in_thread(self, prompt: Prompt) -> "GenerateContentResponse":
        """Ask in a thread that nobody else needs: it cannot be ended while a service drips, and must hold up nothing.

        Pools would run out of such threads, and wait for them when the process ends.
        """
        response: Future[GenerateContentResponse] = Future()

        def run() -> None:
            try:
                response.set_result(self._generate(prompt))
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                response.set_exception(error)

        response.set_running_or_notify_cancel()
        Thread(target=run, name="gemini-legacy", daemon=True).start()
        return await asyncio.wrap_future(response)

    def _generate(self, prompt: Prompt) -> "GenerateContentResponse":
        model = GenerativeModel(self._settings.gemini_model, system_instruction=prompt.instruction)
        config = GenerationConfig(
            response_mime_type="application/json",
            response_schema=prompt.schema,
            max_output_tokens=self._settings.gemini_answer_tokens,
        )
        return model.generate_content(
            prompt.contents,
            generation_config=config,
            request_options=RequestOptions(timeout=self._settings.gemini_timeout_s),
        )


def _reply(response: "GenerateContentResponse") -> Reply:
    candidate = response.candidates[0] if response.candidates else None
    text = "".join(part.text for part in candidate.content.parts) if candidate else ""
    reason = candidate.finish_reason.name if candidate else "STOP"
    usage = response.usage_metadata
    counted = bool(usage.prompt_token_count)
    return Reply(
        text=text or None,
        stopped="BLOCKED" if response.prompt_feedback.block_reason else None if reason in _DONE else reason,
        prompt_tokens=usage.prompt_token_count if counted else None,
        answer_tokens=max(usage.total_token_count - usage.prompt_token_count, 0) if counted else None,
    )


def _is_refusal(error: Exception) -> bool:
    """Tell a connection that was not taken from one that broke."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ConnectionRefusedError) or type(seen).__name__ == "NewConnectionError":
            return True
        held = (getattr(seen, "reason", None), *seen.args)
        seen = next((item for item in held if isinstance(item, BaseException)), None)
    return False
