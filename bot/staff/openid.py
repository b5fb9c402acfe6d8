"""Signing in with the identity provider of the office (OpenID Connect), where the settings name one.

Authorization code flow with PKCE. Of a sign-in under way nothing is kept here: its ticket is in a cookie of the browser
that began it, and state, nonce and code verifier are MACs of the ticket. What comes back from the provider is a name,
and roles; whether that name has an account is not decided here.
"""

import hashlib
import hmac
import logging
import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx
import jwt

from bot.settings import Settings

LASTS = 600  # seconds somebody has to sign in at the provider
_FRESH = 600.0  # seconds the provider's own description is believed
_PATIENCE = 5.0  # seconds for one answer of the provider
_LEEWAY = 60  # seconds two clocks may differ
_SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_CLAIMS = ["iss", "sub", "aud", "exp", "iat", "nonce"]  # an ID token without one of them is none

logger = logging.getLogger(__name__)


class NotSignedIn(Exception):
    """Why nobody was signed in: the key of a sentence, and the status it is said with."""

    def __init__(self, key: str, status: int) -> None:
        super().__init__(key)
        self.key, self.status = key, status


@dataclass(frozen=True)
class Known:
    """Whom the provider vouches for. `roles`: what it says they are; None: that is not asked."""

    name: str
    roles: frozenset[str] | None


class OpenId:
    """The provider of the settings; `key`: the secret of the house."""

    def __init__(self, settings: Settings, key: bytes) -> None:
        assert settings.oidc_issuer and settings.oidc_client and settings.oidc_secret
        self._issuer, self._client = settings.oidc_issuer, settings.oidc_client
        self._secret = settings.oidc_secret.get_secret_value()
        self._name, self._role = settings.oidc_name_claim, settings.oidc_role_claim
        self._key = hmac.new(key, b"oidc", hashlib.sha256).digest()
        self._http = httpx.AsyncClient(timeout=_PATIENCE)
        self._described: Mapping[str, Any] = {}
        self._described_at = 0.0

    async def begin(self, back: str, session: str = "") -> tuple[str, str]:
        """Return the ticket of a new sign-in, and where to send the browser; `back`: where it comes back to.

        `session`: the digest of the one it has now. Raises NotSignedIn.
        """
        ticket = f"{int(time.time())}.{secrets.token_urlsafe(32)}.{session}"
        challenge = hashlib.sha256(self._mac("verifier", ticket).encode()).digest()
        asked = {
            "response_type": "code",
            "scope": "openid profile",
            "client_id": self._client,
            "redirect_uri": back,
            "state": self._mac("state", ticket),
            "nonce": self._mac("nonce", ticket),
            "code_challenge": urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        address = (await self._provider())["authorization_endpoint"]
        return ticket, f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def finish(self, ticket: str, given: Mapping[str, str], back: str) -> Known:
        """Return whom the provider vouches for; `given`: what the browser brought back. Raises NotSignedIn."""
        begun = ticket.partition(".")[0]
        state = given.get("state", "").encode()
        if not (begun.isdigit() and hmac.compare_digest(state, self._mac("state", ticket).encode())):
            raise _again("no sign-in of this browser")
        if time.time() - int(begun) > LASTS or given.get("iss", self._issuer) != self._issuer:
            raise _again("too late, or from another provider")
        if not given.get("code"):
            raise _again(f"refused by the provider: {given.get('error', '')[:40]!r}")
        provider = await self._provider()
        token = await self._redeemed(provider, given["code"], self._mac("verifier", ticket), back)
        _, keys = await self._asked("GET", provider["jwks_uri"])
        return self._known(self._verified(token, keys, self._mac("nonce", ticket)))

    @staticmethod
    def session_before(ticket: str) -> str:
        """The digest of the session that the browser had as it left; of a ticket that ``finish`` has taken."""
        return ticket.rpartition(".")[2]

    def session_of(self, ticket: str) -> str:
        """The token of the session that a sign-in leads to: always the same, so that it can be begun but once."""
        return self._mac("session", ticket)

    async def _provider(self) -> Mapping[str, Any]:
        """The provider's description of itself."""
        if not self._described or time.monotonic() - self._described_at > _FRESH:
            _, found = await self._asked("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            scheme = self._issuer.partition("//")[0]
            places = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            fit = all(isinstance(one, str) and one.startswith((f"{scheme}//", "https://")) for one in places)
            if found.get("issuer") != self._issuer or not fit:
                raise _away("its description is not that of WENGANG_OIDC_ISSUER")
            self._described, self._described_at = found, time.monotonic()
        return self._described

    async def _redeemed(self, provider: Mapping[str, Any], code: str, verifier: str, back: str) -> str:
        """Return the ID token that a code is worth."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        headers: dict[str, str] = {}
        if "client_secret_basic" in provider.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            shown = f"{quote_plus(self._client)}:{quote_plus(self._secret)}"
            headers["Authorization"] = f"Basic {b64encode(shown.encode()).decode()}"
        else:
            form |= {"client_id": self._client, "client_secret": self._secret}
        status, answer = await self._asked("POST", provider["token_endpoint"], data=form, headers=headers)
        if answer.get("error") == "invalid_grant":
            raise _again("the code is used up or too old")
        if status != 200 or not isinstance(answer.get("id_token"), str):
            raise _away(f"no token: HTTP {status} {str(answer.get('error', ''))[:40]!r}")
        return str(answer["id_token"])

    async def _asked(self, method: str, address: str, **more: Any) -> tuple[int, dict[str, Any]]:
        try:
            response = await self._http.request(method, address, **more)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away(type(error).__name__) from None
        if response.status_code >= 500 or not isinstance(answer, dict):
            raise _away(f"HTTP {response.status_code}")
        return response.status_code, answer

    def _verified(self, token: str, keys: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token that this provider signed, for us, for this sign-in, and that still counts."""
        try:
            key = _chosen(jwt.PyJWKSet.from_dict(dict(keys)), jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token, key, algorithms=[key.algorithm_name], audience=self._client, issuer=self._issuer,
                leeway=_LEEWAY, options={"require": _CLAIMS},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise _untrue(type(error).__name__) from None
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise _untrue("another nonce")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client) != self._client:
            raise _untrue("made out to somebody else")
        return claims

    def _known(self, claims: Mapping[str, Any]) -> Known:
        name = _claim(claims, self._name)
        if not isinstance(name, str) or not name.strip():
            raise _untrue(f"no claim {self._name}")
        if self._role is None:
            return Known(name, None)
        roles = _claim(claims, self._role)
        listed = roles if isinstance(roles, list) else [roles]
        return Known(name, frozenset(one for one in listed if isinstance(one, str)))

    def _mac(self, what: str, ticket: str) -> str:
        return hmac.new(self._key, f"{what}\0{ticket}".encode(), hashlib.sha256).hexdigest()


def _chosen(keys: jwt.PyJWKSet, named: str | None) -> jwt.PyJWK:
    """The key that a token names; without a name, the only one there is. Raises PyJWKSetError."""
    fitting = [key for key in keys.keys if key.algorithm_name in _SIGNED_WITH and named in (None, key.key_id)]
    if len(fitting) != 1:
        raise jwt.PyJWKSetError(named)
    return fitting[0]


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by the way to it: realm_access.roles."""
    if path in claims:
        return claims[path]
    at: Any = claims
    for step in path.split("."):
        at = at.get(step) if isinstance(at, dict) else None
    return at


def _again(why: str) -> NotSignedIn:
    return _because(why, "staff.oidc_again", 400)


def _untrue(why: str) -> NotSignedIn:
    return _because(why, "staff.oidc_untrue", 403)


def _away(why: str) -> NotSignedIn:
    return _because(why, "staff.oidc_away", 503)


def _because(why: str, key: str, status: int) -> NotSignedIn:
    logger.warning("sign-in with the identity provider: %s", why)
    return NotSignedIn(key, status)
