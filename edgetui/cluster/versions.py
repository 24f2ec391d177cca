"""The one comparison of resourceVersions that the API allows (KEP-5504)."""

from __future__ import annotations


def behind(version: str, other: str) -> bool:
    """Whether `version` is certainly older than `other`.

    Only decimal versions without leading zeros can be compared (by length, then as text); anything else is
    opaque, and the answer is then False: not certain.
    """
    if not (_comparable(version) and _comparable(other)):
        return False
    return (len(version), version) < (len(other), other)


def _comparable(version: str) -> bool:
    return version.isascii() and version.isdigit() and version[0] != "0"
