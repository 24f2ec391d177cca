"""Packages that have a file for each of their things: which files there are, and what one of them holds."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")


def held(package: str, module: str, name: str, type_: type[T]) -> T | None:
    """What the file `module` of a package holds under `name`; None where there is no such file, or something else."""
    path = f"{package}.{module}"
    try:
        found = getattr(import_module(path), name, None)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        return None
    return found if isinstance(found, type_) else None


def modules(path: Iterable[str]) -> list[str]:
    """The files of a package by name, sorted; `path` is its `__path__`."""
    from pkgutil import iter_modules  # not needed for the first screen

    return sorted(module.name for module in iter_modules(path))
