"""What is written about the chart's values, made from them: README.md's tables, and the settings in values.schema.json.

``python -m deploy.helm.reference`` writes both; ``make docs`` calls it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from callsift.settings import SECTIONS

CHART = Path(__file__).parent / "callsift"
OWN = frozenset(
    f"CALLSIFT_{name}"
    for name in (
        "API_LISTEN",
        "AUDIO_STORE_URI",
        "HTTP_PORT",
        "SOURCES_FILE",
        "VOSK_MODEL",
        "KAFKA_BOOTSTRAP_SERVERS",
        "KAFKA_PREFIX",
        "KAFKA_REPLICATION_FACTOR",
        "KAFKA_SECURITY_PROTOCOL",
        "KAFKA_SASL_MECHANISM",
        "KAFKA_USERNAME",
        "KAFKA_PASSWORD",
        "KAFKA_CA_FILE",
        "KAFKA_CERTIFICATE_FILE",
        "KAFKA_KEY_FILE",
        "KAFKA_KEY_PASSWORD",
    )
)
"""Variables that the chart sets from values of its own."""
_SECRET_BESIDE_TYPE = {"CALLSIFT_FETCH_TLS"}  # its passwords lie one level deeper than the type shows
_BEGIN, _END = "<!-- values: made by `make docs` -->", "<!-- end of values -->"


def settings() -> dict[str, str]:
    """Return what every variable that is no secret means, without those that the chart sets itself."""
    return {name: meaning for name, (meaning, secret) in _variables().items() if not secret and name not in OWN}


def secrets() -> dict[str, str]:
    """Return what every variable that is a secret means, without those that the chart sets itself."""
    return {name: meaning for name, (meaning, secret) in _variables().items() if secret and name not in OWN}


def schema() -> dict[str, Any]:
    """Return values.schema.json with the settings of the code in it."""
    made: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    made["$defs"]["config"]["properties"] = _strings(settings())
    made["$defs"]["secretName"]["enum"] = list(secrets())
    made["properties"]["secrets"]["properties"] = _strings(secrets())
    return made


def readme() -> str:
    """Return the chart's README.md with its tables written again."""
    text = (CHART / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    return f"{before}{_BEGIN}\n\n{tables()}\n{_END}{rest.partition(_END)[2]}"


def tables() -> str:
    """Return one table of every value, and one of the workloads."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for path, default, meaning in _rows(values, schema()):
        lines.append(f"| `{path}` | {_shown(default)} | {meaning.replace('<', '&lt;')} |")
    lines += ["", "## Workloads", "", "| name | takes | ways out | lagThreshold | requests |", "|---|---|---|---|---|"]
    for name, worker in values["workers"].items():
        full = values["workerDefaults"] | worker
        threshold = full["scaling"].get("lagThreshold", "–")
        requests = ", ".join(f"{what} {much}" for what, much in full["resources"]["requests"].items())
        ways = ", ".join(full["ways"])
        lines.append(f"| {name} | {', '.join(full['topics'])} | {ways} | {threshold} | {requests} |")
    return "\n".join(lines) + "\n"


def write() -> None:
    """Write both files."""
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    (CHART / "values.schema.json").write_text(text, encoding="utf-8")
    (CHART / "README.md").write_text(readme(), encoding="utf-8")


def _variables() -> dict[str, tuple[str, bool]]:
    return {
        (variable := section.variable(name)): (
            " ".join((field.description or "").replace("``", "`").split()),
            "SecretStr" in repr(field.annotation) or variable in _SECRET_BESIDE_TYPE,
        )
        for section in SECTIONS.values()
        for name, field in section.model_fields.items()
    }


def _strings(meanings: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"description": meaning, "type": "string"} for name, meaning in meanings.items()}


def _rows(values: dict[str, Any], described: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any, str]]:
    for name, default in values.items():
        about = described["properties"][name]
        inner = "properties" in about and isinstance(default, dict)
        if inner and name != "secrets":
            yield from _rows(default, about, f"{path}{name}.")
        else:
            yield f"{path}{name}", "below" if name == "workers" else default, about["description"]


def _shown(value: Any) -> str:
    if value == "below":
        return "below"
    if value in ("", None, {}, []):
        return "–"
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


if __name__ == "__main__":
    write()
