"""Gemini through google-genai, natively asynchronous."""

from collections.abc import Sequence

import aiohttp
from google import genai
from google.genai import errors, types

from agents.classify.answer import GarbledAnswer, read_answer, refusal, unanswered
from agents.classify.core import Answer, Source
from agents.classify.prompt import make_prompt, prompt_version
from agents.classify.settings import ClassifySettings
from schemas import Taxonomy, Turn


class GeminiClassifier:
    """Asks Gemini for JSON that fits the taxonomy."""

    def __init__(self, settings: ClassifySettings, taxonomy: Taxonomy) -> None:
        """Make the client; no connection is opened yet."""
        assert settings.gemini_api_key is not None  # noqa: S101 - the settings have checked it
        self._taxonomy = taxonomy
        self._model = settings.gemini_model
        self._client = genai.Client(
            api_key=settings.gemini_api_key.get_secret_value(),
            http_options=types.HttpOptions(
                base_url=settings.gemini_endpoint,
                timeout=round(settings.gemini_timeout_s * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),  # the runner tries again, and counts it
            ),
        )
        self.source = Source("gemini", self._model, prompt_version(taxonomy))

    async def classify(self, turns: Sequence[Turn], /) -> Answer:
        """Ask about one transcript."""
        prompt = make_prompt(turns, self._taxonomy)
        config = types.GenerateContentConfig(
            system_instruction=prompt.instruction,
            response_mime_type="application/json",
            response_schema=prompt.schema,
        )
        try:
            response = await self._client.aio.models.generate_content(
                model=self._model, contents=prompt.transcript, config=config
            )
        except errors.APIError as error:
            raise refusal(error.code, str(error)) from None  # its text may quote the request
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise unanswered(error, refused=isinstance(error, aiohttp.ClientConnectorError)) from None
        except ValueError:
            raise GarbledAnswer("the service's reply is not JSON", "Check CALLSIFT_CLASSIFY_GEMINI_ENDPOINT") from None
        return read_answer(response.text, self._taxonomy, len(turns))
