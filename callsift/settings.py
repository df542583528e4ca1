"""Every section of settings. A variable that looks like a setting and is none is refused."""

import difflib
import re
from collections.abc import Mapping

from agents.audio.fetch_settings import FetchSettings
from agents.audio.settings import AudioSettings
from agents.classify.settings import ClassifySettings
from agents.transcribe.settings import TranscribeSettings
from api.settings import ApiSettings, OidcSettings
from callsift.retired_settings import RETIRED
from pages.settings import PageSettings
from sources.settings import SourcesSettings
from store.settings import StoreSettings
from streams.errors import SettingsError
from streams.settings import (
    AudioStoreSettings,
    KafkaSettings,
    MonitorSettings,
    PrivacySettings,
    RetentionSettings,
    RunnerSettings,
    Section,
    TaxonomySettings,
    WorkerSettings,
)

SECTIONS: dict[str, type[Section]] = {
    "Kafka": KafkaSettings,
    "The runner of every stage": RunnerSettings,
    "Every worker": WorkerSettings,
    "The monitor": MonitorSettings,
    "Privacy": PrivacySettings,
    "Audio store": AudioStoreSettings,
    "Retention": RetentionSettings,
    "Fetching recordings": FetchSettings,
    "Audio": AudioSettings,
    "Transcribe": TranscribeSettings,
    "Categories": TaxonomySettings,
    "Classify": ClassifySettings,
    "The store": StoreSettings,
    "The API": ApiSettings,
    "Persons who ask the API": OidcSettings,
    "Ways in": SourcesSettings,
    "The pages": PageSettings,
}
VARIABLES = frozenset(section.variable(field) for section in SECTIONS.values() for field in section.model_fields)
"""The variables of all settings."""
HOME = "CALLSIFT_HOME"
"""Where ``callsift up`` keeps its data and its state file."""
PUSH_KEY = "CALLSIFT_PUSH_KEY"
"""The key with which ``callsift push`` hands recordings in, which no other command reads."""
_OURS, _OF_TESTS = "CALLSIFT_", "CALLSIFT_TEST_"
_SERVICE = re.compile(r".+_SERVICE_(HOST|PORT(_\w+)?)|.+_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


def refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse variables whose name begins with CALLSIFT_ and that no section knows (any more).

    Those of the tests (CALLSIFT_TEST_…) pass, and those that Kubernetes adds for a Service whose name begins with
    callsift, where a pod does not set enableServiceLinks: false.

    Raises:
        SettingsError: There is one; the message names it, and what to do instead or the nearest setting; no value.
    """
    known = VARIABLES | {HOME, PUSH_KEY}
    unknown = [
        name
        for name, value in sorted(environment.items())
        if name.upper().startswith(_OURS)  # sections read their variables in any case
        and name.upper() not in known
        and not name.startswith(_OF_TESTS)
        and not _of_kubernetes(name, value)
    ]
    if unknown:
        raise SettingsError(
            "; ".join(_complaint(name, known) for name in unknown),
            "Correct or unset the variable; docs/settings.md lists them all",
        )


def _of_kubernetes(name: str, value: str) -> bool:
    """Tell whether a variable is one with which Kubernetes tells a pod where a Service is."""
    if name.endswith("_PORT") and _SERVICE_ADDRESS.match(value):
        return True
    return _SERVICE.fullmatch(name) is not None


def _complaint(name: str, known: frozenset[str]) -> str:
    if instead := RETIRED.get(name.upper()):
        return f"{name} is no setting any more: {instead}"
    nearest = difflib.get_close_matches(name.upper(), known, n=1)
    return f"{name} is no setting" + (f", the nearest is {nearest[0]}" if nearest else "")
