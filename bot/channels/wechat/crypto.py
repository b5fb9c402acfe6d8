"""Signatures and the safe mode of WeChat (WXBizMsgCrypt): SHA-1 over sorted parts, AES-256-CBC with the key's own IV.

What is encrypted is 16 random bytes, the length of the XML (4 bytes, big-endian), the XML and the account's AppID,
padded to blocks of 32 bytes by PKCS#7. Source: mp.weixin.qq.com/wiki, id=mp1434696670. Nothing is decrypted before its
signature was found right, so that nobody can ask us how a padding looked.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher as Aes
from cryptography.hazmat.primitives.ciphers import algorithms, modes

_BLOCK = 32  # bytes; PKCS#7 here pads to the length of the key, not of an AES block
_RANDOM = 16  # bytes
_LENGTH = 4  # bytes
_HEAD = _RANDOM + _LENGTH


class Undecipherable(ValueError):
    """`reason`: ``base64``, ``length`` (no whole blocks), ``padding``, ``content`` (its length is wrong), ``appid`` (of
    another account) or ``key`` (we have none). ``str()`` is the reason: nothing that was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Cipher:
    """Signs, encrypts and decrypts for one account.

    `token`, `appid`: of the account. `aes_keys`: its EncodingAESKeys (43 characters each), the newest first; the older
    one is still accepted while a key is exchanged. Without keys it can only sign.
    """

    def __init__(self, token: str, aes_keys: Sequence[str], appid: str) -> None:
        self._token, self._appid = token, appid.encode()
        self._keys = [base64.b64decode(key + "=") for key in aes_keys]

    def signature(self, *parts: str) -> str:
        """Return what signs these parts (timestamp, nonce and, in safe mode, the encrypted text): 40 hex digits."""
        joined = "".join(sorted((self._token, *parts)))
        return hashlib.sha1(joined.encode("utf-8", "surrogatepass")).hexdigest()

    def signed(self, signature: str, *parts: str) -> bool:
        """Whether this is the signature of these parts, in constant time."""
        given = signature.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(given, self.signature(*parts).encode())

    def decrypt(self, encrypt: str) -> bytes:
        """Return the XML inside. Raises Undecipherable."""
        return self.opened(encrypt)[0]

    def opened(self, encrypt: str) -> tuple[bytes, bytes]:
        """Return the XML inside, and the key that opened it: the answer is encrypted with it. Raises Undecipherable."""
        try:
            sealed = base64.b64decode(encrypt, validate=True)
        except (binascii.Error, ValueError):
            raise Undecipherable("base64") from None
        if not sealed or len(sealed) % _BLOCK:
            raise Undecipherable("length")
        failures = []
        for key in self._keys:
            try:
                return self._content(_unpadded(self._aes(key).decryptor().update(sealed))), key
            except Undecipherable as failure:
                failures.append(failure)
        # The key that came furthest tells what is wrong: of another one it is only said that it does not fit.
        fits = (failure for failure in failures if failure.reason == "appid")
        raise next(fits, failures[0] if failures else Undecipherable("key"))

    def encrypt(self, xml: bytes | str, *, key: bytes | None = None, random: bytes | None = None) -> str:
        """Return the XML encrypted, in Base64. `key`: of `opened`, default the newest; `random`: 16 bytes (tests)."""
        content = xml.encode() if isinstance(xml, str) else xml
        head = (random or secrets.token_bytes(_RANDOM)) + len(content).to_bytes(_LENGTH, "big")
        plain = head + content + self._appid
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._aes(key or self._keys[0]).encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def _content(self, plain: bytes) -> bytes:
        length = int.from_bytes(plain[_RANDOM:_HEAD], "big")
        if len(plain) < _HEAD or len(plain) - _HEAD < length:
            raise Undecipherable("content")
        content, appid = plain[_HEAD : _HEAD + length], plain[_HEAD + length :]
        if not hmac.compare_digest(appid, self._appid):
            raise Undecipherable("appid")
        return content

    @staticmethod
    def _aes(key: bytes) -> Aes:
        return Aes(algorithms.AES(key), modes.CBC(key[:_RANDOM]))


def _unpadded(plain: bytes) -> bytes:
    """Without the padding, all of which must be right. Raises Undecipherable."""
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or not hmac.compare_digest(plain[-pad:], bytes([pad]) * pad):
        raise Undecipherable("padding")
    return plain[:-pad]
