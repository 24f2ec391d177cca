"""Image references as a container runtime reads them (distribution/reference), and what is wrong with one."""

from __future__ import annotations

import re

import msgspec

_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:({_HOST})/)??({_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(\w[\w.-]{0,127}))?(?:@([a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_LONGEST_NAME = 255
_LONGEST = 512
_SHA256 = 64


class ImageRef(msgspec.Struct, frozen=True):
    """A reference in full: the registry and the tag that are meant when they are not written are filled in.

    `tag` is empty where only a digest is given.
    """

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def full(self) -> str:
        """What it names, as a node lists it; a digest counts more than a tag."""
        name = f"{self.registry}/{self.repository}"
        return f"{name}@{self.digest}" if self.digest else f"{name}:{self.tag}"


def parse(text: str) -> ImageRef | None:
    """The reference in full, None when it is none."""
    match = _REFERENCE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    registry, repository, tag, digest = (part or "" for part in match.groups())
    head, slash, rest = repository.partition("/")
    if not registry and slash and ("." in head or head == "localhost"):
        registry, repository = head, rest
    elif registry and not ("." in registry or ":" in registry or registry == "localhost"):
        if registry != registry.lower():
            return None
        registry, repository = "", f"{registry}/{repository}"
    registry = registry or "docker.io"
    if registry == "docker.io" and "/" not in repository:
        repository = f"library/{repository}"
    if len(registry) + len(repository) + 1 > _LONGEST_NAME:
        return None
    if digest.startswith("sha256:") and len(digest) != _SHA256 + len("sha256:"):
        return None
    return ImageRef(registry, repository, tag or ("" if digest else "latest"), digest)


def digest_of(text: str) -> str:
    """The digest that a reference is pinned to, empty for none."""
    found = parse(text)
    return found.digest if found else ""


def problem(text: str) -> str:
    """Why this is no image reference, as a sentence; empty when it is one."""
    if not text:
        return "Type an image, for example registry.local/press:2.1."
    if any(c.isspace() for c in text):
        return "An image has no spaces in it."
    if parse(text) is not None:
        return ""
    name, at, digest = text.partition("@")
    if at and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        return "A digest is sha256: and 64 characters from 0-9 and a-f."
    path = name.rpartition("/")[2].partition(":")[0]
    if path != path.lower():
        return "The name of an image has no capitals."
    return f"“{text}” is not an image: it is written REGISTRY/NAME:TAG or REGISTRY/NAME@DIGEST."
