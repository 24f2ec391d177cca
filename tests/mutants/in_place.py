"""A changed function in the place of the one that was imported before the change."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any

Name = tuple[str, str, int]
"""Of a function: its file, its qualified name, and its first line."""


class AtImport(Exception):
    """The change has a part in what already happened when the file was imported, so it takes a new process."""


class Imported:
    """The functions of a tree that were imported, and which of them ran meanwhile: what they gave may be kept."""

    def __init__(self) -> None:
        self._ran: dict[int, CodeType] = {}
        self._names_ran: set[Name] = set()
        self._functions: dict[Name, list[FunctionType]] = {}

    def begin(self) -> None:
        """Note what runs from now on."""
        sys.settrace(self._note)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        self._ran[id(frame.f_code)] = frame.f_code

    def end(self, root: str) -> None:
        """Everything below this directory is imported now that any of the tests will import beforehand."""
        sys.settrace(None)
        self._names_ran = {_name(code) for code in self._ran.values()}
        for function in gc.get_objects():
            if type(function) is FunctionType and function.__code__.co_filename.startswith(root):
                self._functions.setdefault(_name(function.__code__), []).append(function)

    def replacements(self, file: str, before: bytes, after: bytes) -> list[tuple[FunctionType, CodeType]]:
        """The functions that a change of this file changes, each with its new code.

        None of them where nothing has imported the file yet. Raises AtImport.
        """
        found = []
        for old, new in _functions_that_differ(compile(before, file, "exec"), compile(after, file, "exec")):
            if _name(old) in self._names_ran or old.co_freevars != new.co_freevars:
                raise AtImport(_name(old))
            found += [(function, new) for function in self._functions.get(_name(old), ())]
        return found


def _functions_that_differ(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The outermost ones; the file itself and the bodies of classes run at its import."""
    if _instructions(before) != _instructions(after):
        raise AtImport(_name(before))
    for old, new in zip(_inner(before), _inner(after), strict=True):
        if not old.co_flags & inspect.CO_OPTIMIZED:
            yield from _functions_that_differ(old, new)
        elif not _same(old, new):
            yield old, new


def _name(code: CodeType) -> Name:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _inner(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _instructions(code: CodeType) -> tuple[object, ...]:
    """What it does, whatever its lines, without what is defined in it."""
    plain = [None if isinstance(one, CodeType) else (type(one), one) for one in code.co_consts]
    return code.co_code, plain, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars


def _same(one: CodeType, other: CodeType) -> bool:
    return _instructions(one) == _instructions(other) and all(map(_same, _inner(one), _inner(other)))
