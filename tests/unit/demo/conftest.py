"""Fixtures of the demo tests: a cluster on virtual time."""

from __future__ import annotations

import pytest

from tests.unit.demo.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
