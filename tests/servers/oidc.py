"""An issuer of OpenID Connect on this machine: a discovery document, keys that rotate, and tokens signed by joserfc."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

AUDIENCE = "callsift"


class OidcIssuer:
    """The issuer: what it answers may be changed while it runs."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.changed: dict[str, Any] = {}
        """What its discovery document says otherwise."""
        self.is_down = False
        self.keys: dict[str, Key] = {}
        self.address = ""
        self.rotate("first")

    def rotate(self, name: str) -> None:
        """Sign with new keys; the former are gone."""
        self.keys = {
            "RS256": RSAKey.generate_key(2048, {"kid": f"{name}-rsa", "use": "sig"}),
            "ES256": ECKey.generate_key("P-256", {"kid": f"{name}-ec", "use": "sig"}),
            "EdDSA": OKPKey.generate_key("Ed25519", {"kid": f"{name}-ed", "use": "sig"}),
        }

    def token(self, algorithm: str = "RS256", **claims: Any) -> str:
        """Return a token for callsift; claims that are None are left out."""
        now = int(time.time())
        all_claims = {"iss": self.address, "aud": AUDIENCE, "sub": "ayse", "iat": now, "exp": now + 300} | claims
        key = self.keys[algorithm]
        header = {"alg": algorithm, "kid": key.kid}
        said = {name: value for name, value in all_claims.items() if value is not None}
        return jwt.encode(header, said, key, algorithms=[algorithm])

    def answer(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        if self.is_down:
            return None
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.address, "jwks_uri": f"{self.address}/keys"} | self.changed
        return {"keys": [key.as_dict(private=False) for key in self.keys.values()]} if path == "/keys" else None


@contextmanager
def oidc_issuer() -> Iterator[OidcIssuer]:
    """Run an issuer in this block."""
    issuer = OidcIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = issuer.answer(self.path)
            body = json.dumps(found).encode()
            self.send_response(200 if found else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.address = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
