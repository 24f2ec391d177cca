"""What holds for all tests."""

from __future__ import annotations

import signal

from hypothesis import settings

# The same examples in every run and on the slowest machine; `make fuzz` looks for other ones.
settings.register_profile("search", settings.get_profile("ci"), derandomize=False)
settings.load_profile("ci")


def pytest_configure() -> None:
    """A shell that runs the tests in the background has them ignore SIGINT, and so every program that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
