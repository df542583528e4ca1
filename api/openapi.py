"""The OpenAPI 3.1 document of the API."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.examples import EXAMPLES, TAGS
from api.problems import MEDIA_TYPE
from schemas import CallEnded

_REF = "#/components/schemas/{model}"
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
_DESCRIPTION = (
    "Times are RFC 3339 in UTC. Errors are RFC 9457 problems with a `code` and a `cure`. Lists have pages by AIP-158. "
    "docs/api.md shows how to use it."
)


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document, with the problems and the security that the framework does not know of."""
    found = get_openapi(
        title=app.title, summary=app.summary, description=_DESCRIPTION, version=app.version, routes=app.routes
    )
    found["servers"] = [{"url": "/"}]
    event = CallEnded.model_json_schema(ref_template=_REF)
    components = found.setdefault("components", {})
    known = components.setdefault("schemas", {})
    event["required"].remove("call_id")  # a call without one gets one
    known |= event.pop("$defs", {}) | {"SubmittedCall": event | {"title": "SubmittedCall"}}
    for name in _FRAMEWORKS_OWN:
        known.pop(name, None)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"bearer": []}, {}]
    problem = {"$ref": _REF.format(model="ProblemDetails")}
    for name, examples in EXAMPLES.items():
        known[name]["examples"] = examples
    found["tags"] = [{"name": name, "description": description} for name, description in TAGS.items()]
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["summary"] = operation["operationId"].replace("_", " ").capitalize()
            responses = operation["responses"]
            responses.pop("422", None)  # the framework's own body; the default says what is sent instead
            if "default" in responses:
                responses["default"]["content"] = {MEDIA_TYPE: {"schema": problem}}
    return found
