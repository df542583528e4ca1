"""Labels: what a person says that a call was for."""

import asyncio
import hashlib
import json
import time
from itertools import chain, repeat
from typing import Annotated, Any, Self
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.access import Principal, Requires, Right
from api.calls.annotating import publish
from api.calls.lookup import require_unchanged, visible
from api.calls.resource import Call, etag
from api.idempotency import answered_once, sent_key
from api.problems import PlaceOfError, Problem
from api.services import Services, Used
from api.waiting import preferred_wait_s
from schemas import Drawn, Label, LeafName, Taxonomies, Taxonomy
from schemas.call_annotated import Cause
from store.idempotency import IdempotencyStore, Origin
from store.labels import LabelStore, StoredLabel

router = APIRouter(prefix="/v1/calls/{call_id}/labels", tags=["labels"])
Reviewing = Annotated[Principal, Depends(Requires(Right.REVIEW))]
IfMatch = Annotated[str | None, Header(description="The ETag of the call that the reviewer saw. Required.")]
_WAIT_S, _RETRY_AFTER_S = 5, 2
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4)


class FirstAnswer(LeafName):
    """What a reviewer said before they saw the machine's answer."""

    model_config = ConfigDict(extra="forbid")


class HowDrawn(Drawn):
    """How a call came to be labelled: only draws whose probability is known say how right the classifier is."""

    model_config = ConfigDict(extra="forbid")


class NewLabel(BaseModel):
    """A label as it is given."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", hide_input_in_errors=True)

    category: str = Field(examples=["empty_call"])
    """Code of the category, as the taxonomy of the call has it (``/v1/taxonomy``, or one of ``/v1/taxonomies``)."""
    sub_category: str | None = None
    """Code of the sub-category; null for a category that has none."""
    decides: bool = True
    """Whether it becomes the call's category. False: a measurement, such as a second reviewer's, which is kept and
    changes no outcome."""
    drawn: HowDrawn = HowDrawn(by="correction")
    """How the call came to be labelled; unless given, somebody saw a mistake."""
    blind: bool = False
    """Whether the reviewer decided before they saw what the machine says."""
    first: FirstAnswer | None = None
    """What they said then; null where they were not blind."""
    cause: Cause | None = None
    """Why the machine was wrong: the words were misheard, or misread; the categories are unclear; it is not in the
    sound."""
    note: str | None = Field(default=None, max_length=2000)
    """What the reviewer adds. No outcome has it."""
    seconds: float | None = Field(default=None, ge=0.0, le=86400.0)
    """How long they took."""

    @model_validator(mode="after")
    def _only_the_blind_have_a_first_answer(self) -> Self:
        if self.first is not None and not self.blind:
            raise ValueError("first is what a blind reviewer said: expected blind to be true")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of what it says; whoever says it again took longer."""
        return hashlib.sha256(self.model_dump_json(exclude={"seconds"}).encode()).hexdigest()


class Labels(BaseModel):
    """What people said that a call was for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    call_id: str
    """The PBX's identifier of the call."""
    labels: tuple[StoredLabel, ...]
    """All of them, the oldest first, measurements and those that were refused included."""


@router.post(
    "",
    status_code=201,
    response_model=Call,
    responses={202: {"model": Call, "description": "It is on its way; Location is where it will be."}},
)
async def create_label(
    call_id: str, body: NewLabel, request: Request, services: Used, who: Reviewing, if_match: IfMatch = None
) -> JSONResponse:
    """Say what a call was for. It becomes the call's next revision, which no machine's answer replaces.

    ``If-Match`` names the revision that the reviewer saw: the answer is 412 if the call has changed since, also while
    the label is on its way. 201 has the call with the label; 202 comes after five seconds, or what ``Prefer: wait=…``
    says, in which nobody took it: ask ``Location`` then.
    """
    return await give_label(call_id, body, request, services, who, if_match, sent_key(request))


@router.get("")
async def list_labels(call_id: str, services: Used, who: Reviewing) -> Labels:
    """Show what people said that a call was for."""
    await visible(services, who, call_id)
    return Labels(call_id=call_id, labels=tuple(await LabelStore(services.database).of_call(call_id)))


@router.get("/{label_id}")
async def get_label(call_id: str, label_id: str, services: Used, who: Reviewing) -> StoredLabel:
    """Show one label. ``refused`` says that the call had changed since the reviewer looked."""
    await visible(services, who, call_id)
    label = await LabelStore(services.database).find(label_id)
    if label is None or label.call_id != call_id:
        raise Problem("not-found", "The call has no such label, or it is still on its way")
    return label


async def give_label(
    call_id: str,
    body: NewLabel,
    request: Request,
    services: Services,
    who: Principal,
    if_match: str | None,
    key: str | None,
) -> JSONResponse:
    """Publish a label, once for each ``key``, and answer as ``create_label`` does.

    Raises:
        Problem: not-found, precondition-required, precondition-failed, invalid-request, or the brokers do not answer.
    """
    outcome = await visible(services, who, call_id)
    if if_match is None:
        raise Problem("precondition-required", "A label needs If-Match: which revision the reviewer saw")
    taxonomy = Taxonomies.load().behind(outcome)
    _require_leaves(body, taxonomy)
    fingerprint = hashlib.sha256(f"{call_id}\0{if_match}\0{body.digest}".encode()).hexdigest()
    labels = LabelStore(services.database)

    async def given(origin: Origin) -> JSONResponse:
        if key is None or await labels.find(origin.id) is None:  # else it was given, and whoever asked not told
            require_unchanged(outcome, if_match)
            await services.audit.record(who, "labelled", call_id, request)
            label = _label(body, outcome.revision, taxonomy)
            await publish(services, who, outcome, origin, label=label)
        return JSONResponse({"label_id": origin.id})

    answer = await answered_once(IdempotencyStore(services.database), who, key, fingerprint, given)
    label_id = json.loads(bytes(answer.body))["label_id"]
    wait_s = preferred_wait_s(request)
    label = await _taken(labels, label_id, _WAIT_S if wait_s is None else wait_s)
    return await _answer(services, who, call_id, label_id, label)


async def _taken(labels: LabelStore, label_id: str, wait_s: float) -> StoredLabel | None:
    """Wait until the sink has taken a label, or refused it; None: it has not in time."""
    deadline = time.monotonic() + wait_s
    for pause_s in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
        label = await labels.find(label_id)
        if label is not None or time.monotonic() + pause_s > deadline:
            return label
        await asyncio.sleep(pause_s)
    return None


async def _answer(
    services: Services, who: Principal, call_id: str, label_id: str, label: StoredLabel | None
) -> JSONResponse:
    outcome = await visible(services, who, call_id)
    tag = etag(outcome.revision)
    if label is not None and label.refused is not None:
        raise Problem("precondition-failed", f"The call is at {tag}", headers={"ETag": tag})
    headers = {"Location": f"/v1/calls/{quote(call_id, safe='')}/labels/{label_id}", "ETag": tag}
    if label is None:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    return JSONResponse(Call.of(outcome, who).model_dump(mode="json"), 202 if label is None else 201, headers)


def _label(body: NewLabel, revision_seen: int, taxonomy: Taxonomy) -> Label:
    same: dict[str, Any] = {name: getattr(body, name) for name in type(body).model_fields.keys() & Label.model_fields}
    final = LeafName(category=body.category, sub_category=body.sub_category)
    return Label(**same, revision_seen=revision_seen, taxonomy_version=taxonomy.version, final=final)


def _require_leaves(body: NewLabel, taxonomy: Taxonomy) -> None:
    wrong = []
    for pointer, said in {"#/category": body, "#/first/category": body.first}.items():
        if said is None:
            continue
        try:
            taxonomy.leaf(said.category, said.sub_category)
        except ValueError:
            wrong.append(
                PlaceOfError(pointer=pointer, detail=f"A leaf of taxonomy {taxonomy.version}, with its sub_category")
            )
    if wrong:
        raise Problem("invalid-request", "The label names no leaf of the call's taxonomy", errors=wrong)
