"""Service account tokens: JWTs as the TokenRequest API makes them, signed ES256 with a key of this run."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

_HALF = 32


class TokenSigner:
    """Signs and verifies the claims of one cluster; knows nothing about who may have a token."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        digest = hashes.Hash(hashes.SHA256())
        digest.update(numbers.x.to_bytes(_HALF, "big") + numbers.y.to_bytes(_HALF, "big"))
        self._header = _encode(json.dumps({"alg": "ES256", "kid": _encode(digest.finalize())}).encode())

    def sign(self, claims: dict[str, Any]) -> str:
        body = f"{self._header}.{_encode(json.dumps(claims, separators=(',', ':')).encode())}"
        r, s = decode_dss_signature(self._key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{body}.{_encode(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"

    def claims(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that this key signed, else None. Expiry is not judged here."""
        body, _, signature = token.rpartition(".")
        try:
            raw = _decode(signature)
            proof = encode_dss_signature(
                int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big")
            )
            self._key.public_key().verify(proof, body.encode(), ec.ECDSA(hashes.SHA256()))
            decoded = json.loads(_decode(body.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return None
        return decoded if isinstance(decoded, dict) else None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
