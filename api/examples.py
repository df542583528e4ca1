"""An example of each body that goes in or out, by the name of its schema: the OpenAPI document has them."""

from typing import Any

_WHEN = "2026-11-28T07:03:34Z"
_SUBMITTED: dict[str, Any] = {
    "call_id": "pbx-4711",
    "ended_at": "2026-11-28T10:00:00+03:00",
    "caller": "+905551112233",
    "agent_id": "agent-7",
    "queue": "sales",
    "metadata": {"brand": "acme"},
    "recording": {"uri": "https://pbx.example.com/recordings/4711.wav", "channels": {"customer": 0, "agent": 1}},
}
_OUTCOME: dict[str, Any] = {
    "call_id": "pbx-4711",
    "ended_at": "2026-11-28T07:00:00Z",
    "caller": "•••••••••••33",
    "agent_id": "agent-7",
    "queue": "sales",
    "metadata": {"brand": "acme"},
    "state": "done",
    "outcome_id": "0c2f6d0b1f0e5d3e9d2a0d5c7f2b9e11",
    "revision": 1,
    "category": "unnecessary_call",
    "sub_category": "price_research",
    "confidence": 0.91,
    "summary": "The customer asks what a repair costs, and wants to think about it.",
    "decided_at": _WHEN,
}
_IN_WORK: dict[str, Any] = {
    "call_id": "pbx-4712",
    "state": "in_work",
    "revision": None,
    "progress": {
        "stage": "transcribe",
        "state": "retrying",
        "since": _WHEN,
        "next_try_at": "2026-11-28T07:08:34Z",
        "tries": 3,
    },
    "outcome": None,
}
_DONE: dict[str, Any] = {"call_id": "pbx-4711", "state": "done", "revision": 1, "progress": None, "outcome": _OUTCOME}
_PROBLEM: dict[str, Any] = {
    "type": "/problems/invalid-request",
    "title": "The request breaks a rule",
    "status": 422,
    "detail": "The call breaks a rule",
    "instance": "/v1/calls",
    "code": "invalid-request",
    "cure": "Mend what errors names.",
    "errors": [{"pointer": "#/ended_at", "detail": "Input should have timezone info"}],
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
}
_WORK: dict[str, Any] = {
    "name": "operations/019aa0c1f2b38c1d2e3f40516273",
    "done": False,
    "metadata": {
        "kind": "export",
        "state": "working",
        "who": "wallboard",
        "created_at": _WHEN,
        "ended_at": None,
        "cancel_requested": False,
        "progress": {"calls": 42000},
    },
    "response": None,
    "error": None,
}
_LETTER: dict[str, Any] = {
    "id": "6a1f3a0e-6f0e-5d3e-9d2a-0d5c7f2b9e11",
    "gave_up_at": _WHEN,
    "stage": "audio",
    "error_type": "UndecodableRecording",
    "permanent": True,
    "call_id": "pbx-4713",
    "message": "the recording is empty (0 bytes)",
    "cure": "Check the recording at its source",
    "attempts": 1,
    "position": "calls.ended/3/77",
    "replayed_at": None,
}
_FIGURES: dict[str, Any] = {
    "group": {"day": "2026-11-28"},
    "calls": 2,
    "share": 1.0,
    "failed": 0,
    "unrecorded": 0,
    "provisional": 0,
    "duration_s": {"mean": 61.5, "median": 61.5},
    "talk_share": {"customer": {"mean": 0.41, "median": 0.41}, "agent": {"mean": 0.38, "median": 0.38}},
    "silence_share": {"mean": 0.21, "median": 0.21},
    "costs": [{"currency": "USD", "micros": 240}],
    "booked": 1,
    "booked_share": 0.5,
    "values": [{"currency": "TRY", "micros": 1450000000}],
}
_TAXONOMY = {
    "version": "1",
    "company": "A repair service for household appliances.",
    "categories": [],
    "precedence": [{"when": "the customer complains", "leaf": "complaint"}],
}
_DRAWN = {"by": "random", "p": 0.02, "stratum": None, "frame": "2026-11-24/2026-11-30", "seed": 7}
_NEW_LABEL: dict[str, Any] = {
    "category": "unnecessary_call",
    "sub_category": "complaint",
    "drawn": _DRAWN,
    "blind": True,
    "first": {"category": "unnecessary_call", "sub_category": "complaint"},
    "cause": "misread",
}
_LABEL: dict[str, Any] = {
    "label_id": "3f0a6d0b1f0e4d3e9d2a0d5c7f2b9e77",
    "call_id": "pbx-4711",
    "group": None,
    "reviewer": "elif",
    "at": _WHEN,
    "revision_seen": 1,
    "decides": True,
    "taxonomy_version": "1.1",
    "drawn": _DRAWN,
    "blind": True,
    "first": {"category": "unnecessary_call", "sub_category": "complaint"},
    "final": {"category": "unnecessary_call", "sub_category": "complaint"},
    "cause": "misread",
    "note": None,
    "seconds": 41.5,
    "machine": None,
    "classifier": "gemini",
    "classifier_version": "gemini-3.5-flash-lite 5b1f",
    "refused": None,
}
_HOLD = {"reason": "court order 7/2026"}
_NEW_ENDPOINT: dict[str, Any] = {
    "url": "https://crm.example.com/hooks/callsift",
    "description": "jobs for the CRM",
    "filters": {"category": ["potential_customer"], "confidence_from": 0.8},
}
_ENDPOINT: dict[str, Any] = _NEW_ENDPOINT | {
    "name": "webhook-endpoints/019aa0c1f2b38c1d2e3f",
    "enabled": True,
    "include_transcript": False,
    "by": "key 5f0c2a9e1b7d4e63 (admin)",
    "created_at": _WHEN,
    "failing_since": None,
    "off": None,
    "replay_since": None,
    "secrets": 1,
}
_DELIVERY: dict[str, Any] = {
    "webhook_id": "0c2f6d0b1f0e5d3e9d2a0d5c7f2b9e11",
    "type": "call.classified",
    "call_id": "pbx-4711",
    "state": "waiting",
    "queued_at": _WHEN,
    "next_try_at": "2026-11-28T07:08:34Z",
    "ended_at": None,
    "attempts": [{"at": _WHEN, "seconds": 0.2, "status": 503, "problem": "status", "detail": None}],
}

EXAMPLES: dict[str, list[Any]] = {
    "AllTaxonomies": [{"taxonomies": [_TAXONOMY]}],
    "ApiHealth": [{"status": "ok"}],
    "BatchRequest": [{"requests": [_SUBMITTED]}],
    "BatchResponse": [{"results": [{"call": _IN_WORK, "problem": None}, {"call": None, "problem": _PROBLEM}]}],
    "Call": [_DONE, _IN_WORK],
    "Calls": [{"calls": [_DONE], "next_page_token": None}],
    "DeadLetterSummary": [_LETTER],
    "DeliveryPage": [{"deliveries": [_DELIVERY], "next_page_token": ""}],
    "EndpointChange": [{"enabled": True}],
    "EndpointPage": [{"webhook_endpoints": [_ENDPOINT], "next_page_token": ""}],
    "Erasure": [{"call_ids": ["pbx-4711"]}, {"caller": "+90 555 111 22 33"}],
    "ExportParameters": [{"format": "csv", "category": ["unnecessary_call"], "ended_at.gte": "2026-11-01T00:00:00Z"}],
    "Hold": [_HOLD | {"by": "dpo", "since": _WHEN}],
    "HoldRequest": [_HOLD],
    "Labels": [{"call_id": "pbx-4711", "labels": [_LABEL]}],
    "LetterList": [{"dead_letters": [_LETTER], "next_page_token": ""}],
    "LongWork": [_WORK],
    "NewEndpoint": [_NEW_ENDPOINT],
    "NewFacts": [{"job_booked": True, "value": 1450.0, "currency": "TRY"}],
    "NewLabel": [_NEW_LABEL],
    "OperationPage": [{"operations": [_WORK], "next_page_token": ""}],
    "ProblemDetails": [_PROBLEM],
    "Replay": [{"stage": "transcribe", "since": "2026-11-28T00:00:00Z"}],
    "ReplayRequest": [{"since": "2026-11-28T00:00:00Z"}],
    "SourcesShown": [
        {
            "sources": [
                {
                    "name": "pbx",
                    "kind": "asterisk",
                    "is_served": True,
                    "last_event_at": "2026-11-28T10:02:31Z",
                    "last_taken_at": "2026-11-28T10:02:31Z",
                    "silent_s": 42.0,
                    "counted_since": "2026-11-28T06:00:00Z",
                    "taken": 118,
                    "ignored": 7,
                    "refused": {"invalid": 1},
                    "last_refused_at": "2026-11-28T08:15:04Z",
                    "last_refusal": "recording.uri: is missing",
                }
            ]
        }
    ],
    "Reprocessing": [{"since": "2026-11-01T00:00:00Z", "category": "unnecessary_call", "dry_run": True}],
    "Revisions": [{"call_id": "pbx-4711", "revisions": [_OUTCOME]}],
    "Rotation": [{"overlap_hours": 24}],
    "Stats": [{"total": _FIGURES | {"group": {}}, "groups": [_FIGURES]}],
    "StoredLabel": [_LABEL],
    "SubmittedCall": [_SUBMITTED],
    "Taxonomy": [_TAXONOMY],
    "Transcript": [
        {
            "call_id": "pbx-4711",
            "revision": 1,
            "language": "tr",
            "turns": [
                {"speaker": "customer", "start_s": 0.4, "end_s": 2.1, "text": "alo iyi günler", "confidence": 0.93}
            ],
            "turns_withheld": 0,
        }
    ],
    "WebhookDelivery": [_DELIVERY],
    "WebhookEndpoint": [_ENDPOINT],
    "WithSecret": [_ENDPOINT | {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}],
}
"""The first one is what a page shows."""

STREAM = 'id: gAAAAAB…\nevent: outcome\ndata: {"call_id": "pbx-4711", "state": "done", …}\n\n'
"""Of ``text/event-stream``."""

TAGS = {
    "calls": "Handing calls in, asking for them, and saying what they were.",
    "labels": "What people say that calls were, and what became of them.",
    "recordings": "The sound of a call, in ranges, as browsers play it, and its waveform.",
    "outcomes": "Outcomes as they come.",
    "webhooks": "Where outcomes are posted to, and what came of it (docs/webhooks.md).",
    "stats": "Counts, shares and figures of calls.",
    "sources": "The ways in: which still speak, and what of them is refused.",
    "operations": "Long work (AIP-151), and its end.",
    "erasures": "Erasing calls, and holding those that may not be erased.",
    "dead letters": "What could not be processed, why, and what cures it.",
    "about": "The API itself, and what outcomes may say.",
}
"""What the tags of the routes hold."""
