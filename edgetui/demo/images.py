"""What a simulated registry holds, and what a container of an image does once it is pulled.

An image whose name contains one of the words below behaves accordingly; of a repository in the catalogue only
the listed tags exist.
"""

from __future__ import annotations

from enum import Enum


class Fate(Enum):
    """How a container of an image fares."""

    GOOD = "good"
    SLOW = "slow"
    MISSING = "missing"
    TIMEOUT = "timeout"
    CRASH = "crash"
    OUT_OF_MEMORY = "oom"


_WORDS = (
    ("missing", Fate.MISSING),
    ("bad", Fate.MISSING),
    ("timeout", Fate.TIMEOUT),
    ("crash", Fate.CRASH),
    ("oom", Fate.OUT_OF_MEMORY),
    ("slow", Fate.SLOW),
)


class Catalogue:
    """Tags by repository; what is not listed exists."""

    def __init__(self) -> None:
        self._tags: dict[str, set[str]] = {}

    def add(self, repository: str, *tags: str) -> None:
        self._tags.setdefault(repository, set()).update(tags)

    def fate(self, image: str) -> Fate:
        repository, tag = split(image)
        for word, fate in _WORDS:
            if word in image:
                return fate
        known = self._tags.get(repository)
        return Fate.GOOD if known is None or tag in known else Fate.MISSING


def split(image: str) -> tuple[str, str]:
    """Repository and tag; an image without a tag means `latest`."""
    head, _, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return (f"{head}/{name}" if head else name), tag or "latest"


def pull_error(image: str, fate: Fate) -> str:
    """The message of containerd for a pull that failed."""
    repository, tag = split(image)
    head = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": '
    if fate is Fate.TIMEOUT:
        registry, _, path = repository.partition("/")
        url = f"https://{registry}/v2/{path}/manifests/{tag}"
        return f'{head}failed to do request: Head "{url}": dial tcp 203.0.113.9:443: i/o timeout'
    return f"rpc error: code = NotFound desc = {head}{image}: not found"
