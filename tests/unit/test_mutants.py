"""The mutants themselves: small, single, the same for the same seed, and told apart by what the tests do."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from tests.mutants import __main__ as tool
from tests.mutants.mutations import mutants, of_package

SOURCE = b"""\
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from x import y


def pay(amount: int, limit: int = 10) -> int | None:
    if amount > limit and not amount == 7:
        raise ValueError("too much")
    if amount <= 0:
        return None
    note("gr\xc3\xb6\xc3\x9fer", amount)
    return amount + 1
"""


def test_every_kind_of_change_is_found_and_is_python() -> None:
    found = mutants("a.py", SOURCE)
    assert {(one.line, one.what) for one in found} >= {
        (7, "constant"),
        (8, "comparison"),
        (8, "and/or"),
        (8, "dropped operand"),
        (8, "negation"),
        (8, "removed guard"),
        (9, "removed raise"),
        (10, "comparison"),
        (10, "constant"),
        (10, "removed guard"),
        (12, "removed statement"),
        (13, "arithmetic"),
        (13, "return None"),
    }
    assert all(one.line > 6 for one in found)
    for one in found:
        changed = one.applied(SOURCE)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(SOURCE))
        assert len(one.diff(SOURCE).splitlines()) == 2


def test_the_program_has_thousands_of_them_and_the_demo_none() -> None:
    found = of_package(tool.ROOT, "edgetui", tool.LEFT_OUT)
    assert len(found) > 5000
    assert not any(one.file.startswith("edgetui/demo/") for one in found)


def test_survivors_are_told_from_killed_ones_and_the_tree_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "edgetui").mkdir()
    (tmp_path / "edgetui" / "__init__.py").write_text("")
    module = tmp_path / "edgetui" / "sums.py"
    module.write_text(
        "def tested(n):\n    return n + 2\n\n\ndef run(n):\n    return n > 5\n\n\ndef never(n):\n    return n - 1\n"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_sums.py").write_text(
        "from edgetui import sums\n\n\ndef test_it():\n    assert sums.tested(1) == 3\n    sums.run(5)\n"
    )
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    for name in ("__init__.py", "tracing.py"):
        target = tmp_path / "tests" / "mutants" / name
        target.parent.mkdir(exist_ok=True)
        target.write_text((tool.ROOT / "tests" / "mutants" / name).read_text())
    (tmp_path / "tests" / "__init__.py").write_text("")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    before = module.read_bytes()
    result = tmp_path.parent / "result.json"
    assert (
        tool.main(
            ["--sample", "3", "--seed", "1", "--tests", "tests/test_sums.py", "--json", str(result)], tmp_path
        )
        == 0
    )
    found = json.loads(result.read_text())
    assert [one["line"] for one in found["killed"]] == [2]
    assert [one["line"] for one in found["survived"]] == [6]
    assert [one["line"] for one in found["not run"]] == [10]
    assert "+    return" in capsys.readouterr().out
    assert module.read_bytes() == before
