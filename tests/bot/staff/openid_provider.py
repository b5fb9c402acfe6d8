"""A small OpenID provider on localhost, with its own keys: checks what a real one checks, and can be made to lie."""

import base64
import contextlib
import hashlib
import http.server
import json
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "wengang desk", "a secret: with / and +"


def new_key() -> Any:
    """A private key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """Everybody who is sent here is signed in as `claims` say, and sent back at once.

    What makes it lie: `instead` (claims of the token put in place of the honest ones; None: left out), `signing` and
    `header` (the key and the head of the token), `described` (over the description), `broken` (every answer is a 500).
    """

    def __init__(self, server: http.server.ThreadingHTTPServer, host: str) -> None:
        self.issuer = f"http://{host}:{server.server_address[1]}"
        self.settings = {"oidc_issuer": self.issuer, "oidc_client": CLIENT, "oidc_secret": SECRET}
        self.key = self.signing = new_key()
        self.claims: dict[str, Any] = {"sub": "u-81", "preferred_username": "小王"}
        self.instead: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.described: dict[str, Any] = {}
        self.broken, self.basic = False, True
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.used: list[str] = []

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": [f"client_secret_{'basic' if self.basic else 'post'}"],
            **self.described,
        }

    def keys(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        other = RSAAlgorithm.to_jwk(new_key().public_key(), as_dict=True)
        symmetric = {"kty": "oct", "alg": "HS256", "kid": "shared", "k": base64.urlsafe_b64encode(b"k" * 32).decode()}
        return {"keys": [{**other, "kid": "old"}, {**public, "kid": "one", "use": "sig"}, symmetric]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert asked["response_type"] == "code" and "openid" in asked["scope"].split() and asked["tenant"] == "1"
        assert asked["client_id"] == CLIENT and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        client, secret = form.get("client_id"), form.get("client_secret")
        if self.basic:
            shown = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            client, secret = (unquote_plus(one) for one in shown.split(":"))
        if (client, secret) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.get(form["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        known = asked and form["code"] not in self.used and form["grant_type"] == "authorization_code"
        fits = asked and asked["redirect_uri"] == form["redirect_uri"] and asked["code_challenge"] == challenge[:-1]
        if not (known and fits):
            return 400, {"error": "invalid_grant"}
        self.used.append(form["code"])
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        moment = int(time.time())
        honest = {"iss": self.issuer, "aud": CLIENT, "iat": moment, "exp": moment + 300, "nonce": nonce, **self.claims}
        said = {name: value for name, value in {**honest, **self.instead}.items() if value is not None}
        return jwt.encode(said, self.signing, algorithm=self.header["alg"], headers=self.header)


@contextlib.contextmanager
def provider(host: str = "127.0.0.1") -> Iterator[Provider]:
    """A provider that answers; `host`: by which name of this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            one.asked.append(asked.path)
            match asked.path:
                case "/.well-known/openid-configuration":
                    self.answer(200, one.description())
                case "/keys":
                    self.answer(200, one.keys())
                case _:
                    self.send_response(302)
                    self.send_header("Location", one.authorize(fields(asked.query)))
                    self.end_headers()

        def do_POST(self) -> None:
            one.asked.append(self.path)
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(*one.token(fields(form), self.headers.get("Authorization", "")))

        def answer(self, status: int, value: Any) -> None:
            self.send_response(500 if one.broken else status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    def fields(text: str) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(text).items()}

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one = Provider(server, host)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield one
    server.shutdown()
    server.server_close()
    thread.join()
