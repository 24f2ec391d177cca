"""The same targets with inputs chosen by coverage: atheris, where it is installed."""

from __future__ import annotations

import importlib
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

from . import mutate
from .targets import Target

LENGTH = 8


def run(target: Target, runs: int, seed: int) -> int:
    """Fuzz one target; ends the process. The first eight bytes of an input are the seed of its cuts."""
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print("coverage guidance needs atheris: pip install atheris", file=sys.stderr)
        return 2
    for function in _functions():
        atheris.instrument_func(function)  # in place
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(target.seeds()):
            (Path(folder) / str(number)).write_bytes(bytes(LENGTH) + data)

        def one(data: bytes) -> None:
            if len(data) > LENGTH:
                target.check(data[LENGTH:], random.Random(data[:LENGTH]))

        def mutated(data: bytes, most: int, number: int) -> bytes:
            rng = random.Random(number)
            if rng.random() < 0.3:
                return (rng.randbytes(LENGTH) + target.make(rng))[:most]
            return (data[:LENGTH] + mutate.blind(data[LENGTH:], rng))[:most]

        options = [f"-runs={runs}", f"-seed={seed}", "-timeout=30", "-rss_limit_mb=1024", "-max_len=65536"]
        options.append(f"-artifact_prefix={tempfile.gettempdir()}/edgetui-fuzz-{target.name}-")
        atheris.Setup([sys.argv[0], *options, folder], one, custom_mutator=mutated)
        atheris.Fuzz()
    return 0


def _functions() -> Iterator[FunctionType]:
    """Every function and method of the code under test."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("edgetui.cluster.", "edgetui.model.")):
            for thing in list(vars(module).values()):
                inside = vars(thing).values() if isinstance(thing, type) and thing.__module__ == name else ()
                for one in (thing, *inside):
                    function = one.fget if isinstance(one, property) else one
                    if isinstance(function, FunctionType) and function.__module__ == name:
                        yield function
