"""An issuer of OpenID Connect on this machine: a discovery document, keys that rotate, and tokens signed by joserfc.

People sign in there without being asked (``/authorize``), and a code is turned into tokens once, for the client whose
it is and who knows the verifier (``/token``).
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

AUDIENCE = "callsift"
CLIENT, SECRET = "callsift pages", "s3cret:with+signs"


class OidcIssuer:
    """The issuer: what it answers may be changed while it runs."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.changed: dict[str, Any] = {}
        """What its discovery document says otherwise."""
        self.is_down = False
        self.claims: dict[str, Any] = {"callsift_role": "viewer"}
        """What its ID tokens say besides, or otherwise."""
        self.denial: dict[str, str] | None = None
        """What it says to everybody in place of a code."""
        self.takes = "client_secret_basic"
        """How clients say their secret; none: they have none."""
        self.codes: dict[str, dict[str, str]] = {}
        """Codes that were not used yet, with what they were asked for with."""
        self.given: list[str] = []
        """All that nobody else may see: codes and tokens."""
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
            return {
                "issuer": self.address,
                "jwks_uri": f"{self.address}/keys",
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "token_endpoint_auth_methods_supported": [self.takes],
            } | self.changed
        return {"keys": [key.as_dict(private=False) for key in self.keys.values()]} if path == "/keys" else None

    def sent_back(self, query: str) -> str:
        """Sign somebody in, and return where their browser goes then."""
        asked = dict(parse_qsl(query))
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        told = self.denial
        if told is None:
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            self.given.append(code)
            told = {"code": code}
        return f"{asked['redirect_uri']}?{urlencode(told | {'state': asked['state'], 'iss': self.address})}"

    def exchanged(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Turn a code into tokens; None: it is refused."""
        self.given.append(form.get("code_verifier", ""))
        asked = self.codes.pop(form["code"], None)
        if asked is None or not self._is_client(form, authorization) or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        id_token = self.token(**{"aud": CLIENT, "nonce": asked["nonce"]} | self.claims)
        access_token = secrets.token_urlsafe(16)
        self.given += [id_token, access_token]
        return {"access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if self.takes == "client_secret_basic":
            sent = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            return [unquote_plus(one) for one in sent] == [CLIENT, SECRET]
        secret = SECRET if self.takes == "client_secret_post" else None
        return not authorization and (form.get("client_id"), form.get("client_secret")) == (CLIENT, secret)


@contextmanager
def oidc_issuer() -> Iterator[OidcIssuer]:
    """Run an issuer in this block."""
    issuer = OidcIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", issuer.sent_back(parts.query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._answer(issuer.answer(self.path), 503)

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            found = None if issuer.is_down else issuer.exchanged(form, self.headers.get("Authorization", ""))
            self._answer(found or {"error": "invalid_grant"}, 200 if found else 503 if issuer.is_down else 400)

        def _answer(self, found: dict[str, Any] | None, otherwise: int) -> None:
            body = json.dumps(found).encode()
            is_good = found is not None and "error" not in found
            self.send_response(200 if is_good else otherwise)
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
