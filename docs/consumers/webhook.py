"""Takes webhooks, each once: pip install standardwebhooks. Put a proxy with TLS before it."""

import json
import os
import sqlite3
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
database = sqlite3.connect(os.environ.get("OUTCOMES_DB", "outcomes.sqlite"))
database.execute("create table if not exists seen (webhook_id text primary key)")
database.execute("create table if not exists calls (call_id text primary key, revision integer, category text)")


def take(webhook_id: str, kind: str, data: dict[str, object]) -> None:
    """Keep what is told, once and in whatever order it comes."""
    with database:  # both or neither
        if not database.execute("insert or ignore into seen values (?)", (webhook_id,)).rowcount:
            return
        if kind == "call.forgotten":
            database.execute("delete from calls where call_id = ?", (data["call_id"],))
            return
        database.execute(
            "insert into calls values (?, ?, ?) on conflict (call_id) do update "
            "set revision = excluded.revision, category = excluded.category where excluded.revision > revision",
            (data["call_id"], data["revision"], data["category"]),
        )


class Handler(BaseHTTPRequestHandler):
    """Answers 204 when what was told is kept; anything else has it sent again."""

    def do_POST(self) -> None:
        """Take one delivery."""
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            webhook.verify(body, headers)  # the bytes as they came, not JSON that was written again
        except WebhookVerificationError:
            self.send_error(401)
            return
        told = json.loads(body)
        take(headers["webhook-id"], told["type"], told["data"])
        self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8081"))), Handler).serve_forever()
