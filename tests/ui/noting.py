"""An object that stands for another and only notes what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Noting:
    """Notes every call of it as its name and what it was given."""

    noted: list[Any]
    sessions: Any

    def __init__(self, noted: list[Any], **there: Any) -> None:
        self.__dict__.update(there, noted=noted)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given, **more: self.noted.append((name, *given, *more.values()))
