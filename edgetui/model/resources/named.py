"""KIND/NAME, the words of a command line that name one object each, as kubectl takes them."""

from __future__ import annotations

from collections.abc import Sequence


def slashed(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Kind and name of each word of the form KIND/NAME; empty where no word has a slash.

    Raises ValueError with the first word that is not of that form where others are: kubectl takes no mixture
    (k8s.io/cli-runtime/pkg/resource, `Builder.ResourceTypeOrNameArgs`).
    """
    pairs = [word.partition("/") for word in words]
    if not any(slash for _, slash, _ in pairs):
        return ()
    for word, (kind, _, name) in zip(words, pairs, strict=True):
        if not kind or not name or "/" in name:
            raise ValueError(word)
    return tuple((kind, name) for kind, _, name in pairs)
