"""Parts of edgetui that an installation may go without, and the sentence that says so."""

from __future__ import annotations

from importlib.util import find_spec

from edgetui.cluster.errors import EdgetuiError


def need_demo() -> None:
    """Raise EdgetuiError where the demo fleet, or what it is made with, is not installed."""
    if not all(find_spec(name) for name in ("edgetui.demo", "cryptography", "h11")):
        raise EdgetuiError(
            "The demo fleet is not part of this installation.",
            "Where there is a Python of its own: pip install 'edgetui[demo]'.",
        )
