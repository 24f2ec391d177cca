"""Image references: what is one, what it means in full, and what is wrong with the others."""

from __future__ import annotations

import pytest

from edgetui.model.pod.imageref import digest_of, parse, problem

DIGEST = f"sha256:{'ab' * 32}"


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.25", "docker.io/library/nginx:1.25"),
        ("press/app:2", "docker.io/press/app:2"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("registry.local/press:2.0", "registry.local/press:2.0"),
        ("registry.local:5000/line/press", "registry.local:5000/line/press:latest"),
        ("localhost/press:1", "localhost/press:1"),
        ("[::1]:5000/press:1", "[::1]:5000/press:1"),
        (f"registry.local/press@{DIGEST}", f"registry.local/press@{DIGEST}"),
        (f"registry.local/press:2.0@{DIGEST}", f"registry.local/press@{DIGEST}"),
    ],
)
def test_a_reference_in_full(text: str, full: str) -> None:
    found = parse(text)
    assert found is not None
    assert found.full == full
    assert problem(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type an image"),
        ("registry.local/press 2", "no spaces"),
        ("registry.local/Press:2", "no capitals"),
        ("registry.local/press@sha256:abc", "64 characters"),
        (f"registry.local/press@sha256:{'ab' * 33}", "64 characters"),
        ("press:", "is not an image"),
        ("registry.local//press", "is not an image"),
        ("Registry/press:1", "is not an image"),
        ("a:1:2", "is not an image"),
        (f"registry.local/{'p' * 250}", "is not an image"),
        ("x" * 10_000, "is not an image"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    assert parse(text) is None
    assert words in problem(text)


def test_a_digest_is_found_beside_a_tag() -> None:
    assert digest_of(f"registry.local/press:2.0@{DIGEST}") == DIGEST
    assert digest_of("registry.local/press:2.0") == digest_of("no image") == ""
