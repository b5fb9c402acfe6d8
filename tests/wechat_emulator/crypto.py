"""Signing and encrypting as the console documents it (safe mode); written for the emulator alone."""

import base64
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

_BLOCK = 32  # bytes: more than the block of AES


class BadCipher(ValueError):
    """What was to be opened is not what this account sealed."""


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def seal(text: str, aes_key: str, appid: str, random: bytes | None = None) -> str:
    """Encrypt; `random`: the first 16 bytes, for test vectors."""
    raw = text.encode()
    plain = (random or secrets.token_bytes(16)) + struct.pack(">I", len(raw)) + raw + appid.encode()
    padding = _BLOCK - len(plain) % _BLOCK
    encryptor = _cipher(aes_key).encryptor()
    sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def unseal(sealed: str, aes_key: str, appid: str) -> str:
    """Decrypt. Raises BadCipher, which says why."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        decryptor = _cipher(aes_key).decryptor()
        plain = decryptor.update(raw) + decryptor.finalize()
    except ValueError as error:
        raise BadCipher(f"not base64, or no whole blocks: {error}") from None
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding or len(plain) < 20 + padding:
        raise BadCipher("bad padding")
    plain = plain[:-padding]
    end = 20 + struct.unpack(">I", plain[16:20])[0]
    if plain[end:] != appid.encode():
        raise BadCipher(f"sealed for another account: {plain[end:]!r}")
    try:
        return plain[20:end].decode()
    except UnicodeDecodeError:
        raise BadCipher("not UTF-8") from None


def _cipher(aes_key: str) -> BlockCipher:
    key = base64.b64decode(aes_key + "=")
    return BlockCipher(algorithms.AES(key), modes.CBC(key[:16]))
