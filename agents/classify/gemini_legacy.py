"""Gemini through google-generativeai, whose support Google has ended: REST, in a thread, because it cannot wait."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import requests
from google.api_core import exceptions
from google.generativeai.client import configure
from google.generativeai.generative_models import GenerativeModel
from google.generativeai.types import GenerationConfig, RequestOptions
from google.protobuf.json_format import ParseError

from agents.classify.answer import GarbledAnswer, read_answer, refusal, unanswered
from agents.classify.core import Answer, Source
from agents.classify.prompt import Prompt, make_prompt, prompt_version
from agents.classify.settings import ClassifySettings
from schemas import Taxonomy, Turn

if TYPE_CHECKING:
    from google.generativeai.types import GenerateContentResponse


class LegacyGeminiClassifier:
    """Asks Gemini for JSON that fits the taxonomy."""

    def __init__(self, settings: ClassifySettings, taxonomy: Taxonomy) -> None:
        """Configure the SDK, which keeps its key and endpoint for the whole process."""
        assert settings.gemini_api_key is not None  # noqa: S101 - the settings have checked it
        self._taxonomy = taxonomy
        self._settings = settings
        configure(
            api_key=settings.gemini_api_key.get_secret_value(),
            transport="rest",
            client_options={"api_endpoint": settings.gemini_endpoint} if settings.gemini_endpoint else None,
        )
        self.source = Source("gemini-legacy", settings.gemini_model, prompt_version(taxonomy))

    async def classify(self, turns: Sequence[Turn], /) -> Answer:
        """Ask about one transcript."""
        prompt = make_prompt(turns, self._taxonomy)
        try:
            response = await asyncio.to_thread(self._ask, prompt)
            text = response.text
        except exceptions.RetryError as error:
            raise unanswered(error, refused=False) from None
        except exceptions.GoogleAPICallError as error:
            raise refusal(error.code, str(error)) from None  # its text may quote the request
        except (requests.RequestException, OSError) as error:
            raise unanswered(error, refused=isinstance(error, requests.ConnectionError)) from None
        except ParseError:
            raise GarbledAnswer("the service's reply is not JSON", "Check CALLSIFT_CLASSIFY_GEMINI_ENDPOINT") from None
        except ValueError:  # how the SDK says that there is no text: blocked, or cut off
            raise GarbledAnswer("the model gave no text", "Look at the call; the model may refuse its words") from None
        return read_answer(text, self._taxonomy, len(turns))

    def _ask(self, prompt: Prompt) -> "GenerateContentResponse":
        model = GenerativeModel(self._settings.gemini_model, system_instruction=prompt.instruction)
        config = GenerationConfig(response_mime_type="application/json", response_schema=prompt.schema)
        return model.generate_content(
            prompt.transcript,
            generation_config=config,
            request_options=RequestOptions(timeout=self._settings.gemini_timeout_s),
        )
