"""The same targets with inputs chosen by coverage: atheris, where it is installed."""

from __future__ import annotations

import importlib
import random
import sys
import tempfile
from pathlib import Path

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
    for module in list(sys.modules.values()):
        if module.__name__.startswith(("edgetui.cluster.", "edgetui.model.")):
            for name, thing in list(vars(module).items()):
                if (
                    callable(thing)
                    and getattr(thing, "__module__", "") == module.__name__
                    and hasattr(thing, "__code__")
                ):
                    setattr(module, name, atheris.instrument_func(thing))
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
        atheris.Setup([sys.argv[0], *options, folder], one, custom_mutator=mutated)
        atheris.Fuzz()
    return 0
