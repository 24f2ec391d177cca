"""The mutants themselves: small, single, the same for the same seed, and told apart by what the tests do."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import __main__ as tool
from tests.mutants.mutations import PROBE, Mutant, mutants, of_package, probed

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


def due(self) -> int:
    raise NotImplementedError
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
    assert all(6 < one.line < 15 for one in found), "nothing of types, and nothing of what is abstract"
    for one in found:
        changed = one.applied(SOURCE)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(SOURCE))
        assert len(one.diff(SOURCE).splitlines()) == 2


PROBED = b"""\
LIMIT = 5


def pay(amount, least=0):
    \"\"\"Words.\"\"\"
    if amount > LIMIT and (
        amount != 7
    ):
        raise ValueError
    return [one + 1 for one in range(amount) if one > least]
"""


def came(arguments: list[int], sample: list[Mutant]) -> set[str]:
    """The probes that calls with these arguments come to."""
    found: set[str] = set()
    space: dict[str, Any] = {PROBE: found.add}
    exec(compile(probed(PROBED, sample), "pay", "exec"), space)
    assert found == set(), "nothing comes to a probe at its import"
    for argument in arguments:
        with suppress(ValueError):
            space["pay"](argument)
    return {name.partition(":")[2] for name in found}


ONE_A_LINE = {(1, "constant"), (6, "comparison"), (7, "comparison"), (9, "removed raise"), (10, "comparison")}


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [([], ""), ([0], "0 6"), ([3], "0 6 10"), ([6], "0 6 7 9"), ([7], "0 6 7 10"), ([0, 6], "0 6 7 9")],
)
def test_a_probe_is_come_to_where_the_mutant_is_and_at_any_call_for_what_runs_at_import(
    arguments: list[int], lines: str
) -> None:
    sample = [one for one in mutants("pay", PROBED) if (one.line, one.what) in ONE_A_LINE]
    assert len(sample) == len(ONE_A_LINE)
    assert came(arguments, sample) == set(lines.split())


@pytest.mark.parametrize(("healthy", "what"), [(0, tool.HUNG), (None, tool.KILLED)])
def test_a_mutant_hangs_only_where_its_tests_end_without_it(
    tmp_path: Path, healthy: int | None, what: str
) -> None:
    class Slow(tool.Copy):
        """A machine so busy, or a mutant so bad, that its tests did not end in time once."""

        def __init__(self) -> None:
            self.place = tmp_path
            self.limits: list[float] = []

        def run(self, arguments: Sequence[str], limit: float, **variables: str) -> int | None:
            self.limits.append(limit)
            mutated = b"> LIMIT" not in (tmp_path / "pay").read_bytes()
            return (1 if limit > 60 else None) if mutated else healthy

    (tmp_path / "pay").write_bytes(PROBED)
    one = next(one for one in mutants("pay", PROBED) if one.what == "comparison")
    copy = Slow()
    assert tool.fate(copy, one, ["test"], 60.0) == what
    assert copy.limits == ([60.0, 30.0] if what == tool.HUNG else [60.0, 30.0, 120.0])
    assert (tmp_path / "pay").read_bytes() == PROBED


def test_tests_are_shared_out_so_that_all_parts_are_about_as_large(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / "tests" / f"{number}").mkdir(parents=True)
        (tmp_path / "tests" / f"{number}" / f"test_{number}.py").write_text("x" * (100 * number + 1))
    (tmp_path / "tests" / "helper.py").write_text("")
    found = tool.shared_out(tmp_path, ["tests", "tests/3/test_3.py"], 3)
    assert sorted(name for part in found for name in part) == [f"tests/{n}/test_{n}.py" for n in range(9)]
    sizes = [sum((tmp_path / name).stat().st_size for name in part) for part in found]
    assert max(sizes) - min(sizes) <= 300
    assert tool.shared_out(tmp_path, ["tests/3/test_3.py"], 2) == [["tests/3/test_3.py"], []]


def test_the_tests_of_a_module_come_first_and_then_the_quickest() -> None:
    mutant = next(one for one in mutants("edgetui/pay.py", PROBED) if one.line == 10)
    took = {"tests/a.py::quick": 1.0, "tests/test_pay.py::slow": 9.0, "tests/b.py::slow": 5.0}
    found = {"tests": {mutant.asked: [*took]}, "seconds": took}
    assert tool.chosen_tests(found, mutant, 20.0) == [
        "tests/test_pay.py::slow",
        "tests/a.py::quick",
        "tests/b.py::slow",
    ]
    assert tool.chosen_tests(found, mutant, 2.0) == ["tests/test_pay.py::slow"]


def test_the_program_has_thousands_of_them_and_the_demo_none() -> None:
    found = of_package(tool.ROOT, "edgetui", tool.LEFT_OUT)
    assert len(found) > 5000
    assert not any(one.file.startswith("edgetui/demo/") for one in found)


def test_a_file_without_a_function_is_asked_for_in_one_that_imports_it(tmp_path: Path) -> None:
    for name, text in {
        "rows": "MOST = 5\n",
        "alone": "LEAST = 1\n",
        "first": "from edgetui.rows import MOST\n",
        "later": "from edgetui.rows import MOST\n\n\ndef most():\n    return MOST\n",
    }.items():
        (tmp_path / "edgetui").mkdir(exist_ok=True)
        (tmp_path / "edgetui" / f"{name}.py").write_text(text)
    found = of_package(tmp_path, "edgetui")
    assert {(one.file, one.asked) for one in found} == {
        ("edgetui/alone.py", "edgetui/alone.py:0"),
        ("edgetui/later.py", "edgetui/later.py:5"),
        ("edgetui/rows.py", "edgetui/later.py:0"),
    }


def a_tree(root: Path, module: str, tests: str) -> Path:
    """A repository of one module, its tests and the tool; returns the module."""
    tool_files = (
        f"tests/mutants/{name}.py" for name in ("__init__", "forks", "in_place", "mutations", "tracing")
    )
    for name, text in {
        "edgetui/__init__.py": "",
        "edgetui/sums.py": module,
        "tests/__init__.py": "",
        "tests/test_sums.py": tests,
        "pyproject.toml": "[tool.pytest.ini_options]\n",
        **{name: (tool.ROOT / name).read_text() for name in tool_files},
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root / "edgetui" / "sums.py"


def test_survivors_are_told_from_killed_ones_and_the_tree_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = a_tree(
        tmp_path,
        "def tested(n):\n    return n + 2\n\n\ndef run(n):\n    return n > 5\n\n\ndef never(n):\n    return n - 1\n"
        "\n\ndef elsewhere(n):\n    return n * 2\n",
        "import subprocess, sys\nfrom edgetui import sums\n\n\n"
        "def test_it():\n    assert sums.tested(1) == 3\n    sums.run(5)\n\n\n"
        "def test_other():\n    code = 'from edgetui import sums; assert sums.elsewhere(2) == 4'\n"
        "    subprocess.run([sys.executable, '-c', code], check=True)\n",
    )
    before = module.read_bytes()
    result = tmp_path.parent / "result.json"
    assert (
        tool.main(
            ["--sample", "4", "--seed", "1", "--tests", "tests/test_sums.py", "--json", str(result)], tmp_path
        )
        == 0
    )
    found = json.loads(result.read_text())
    assert [one["line"] for one in found["killed"]] == [2, 14], "the last by a process that a test starts"
    assert [one["line"] for one in found["survived"]] == [6]
    assert [one["line"] for one in found["not run"]] == [10]
    assert "+    return" in capsys.readouterr().out
    assert module.read_bytes() == before


IMPORTED = """\
LIMIT = 5


def doubled(n):
    return n * 2


SIX = doubled(3)


class Box:
    size = 3

    @property
    def room(self):
        return max(0, self.size - 1)


def stepped(n, step=1):
    def inner(k):
        return k + step if k > 100 else k + step

    return inner(n)


def later():
    from edgetui import late

    return late.late(1)
"""
TESTS_IMPORTED = """\
import pytest
from edgetui.sums import LIMIT, SIX, Box, later, stepped


def test_it():
    assert (LIMIT, SIX, stepped(2)) == (5, 6, 3)
    assert Box().room == 2 and Box.size > 2
    assert later() == 2
"""
FATES = {
    (1, "constant"): (tool.KILLED, "a name that the tests imported"),
    (5, "arithmetic"): (tool.KILLED, "it ran at the import"),
    (12, "constant"): (tool.KILLED, "the body of a class"),
    (16, "arithmetic"): (tool.KILLED, "a function behind a decorator"),
    (19, "constant"): (tool.KILLED, "a default is made at the import"),
    (21, "comparison"): (tool.SURVIVED, "a function in a function"),
    (29, "return None"): (tool.KILLED, "a function that ran in no import"),
}


class Counting(tool.Copy):
    """A copy that counts the processes that have to import everything."""

    processes = 0

    def run(self, arguments: Sequence[str], limit: float, **variables: str) -> int | None:
        self.processes += 1
        return super().run(arguments, limit, **variables)


@pytest.mark.parametrize("forked", [True, False])
def test_a_fork_of_what_has_imported_the_program_judges_as_a_new_process_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: bool
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    module = a_tree(tmp_path / "tree", IMPORTED, TESTS_IMPORTED)
    module.with_name("late.py").write_text("def late(n):\n    return n + 1\n")
    copy = Counting(tmp_path / "tree", tmp_path / "copy")
    tests = ["tests/test_sums.py::test_it"]
    if forked:
        assert copy.collect(["tests/test_sums.py"]) == set(tests)
    for file, fates in (
        ("sums", FATES),
        ("late", {(2, "arithmetic"): (tool.KILLED, "imported by the test")}),
    ):
        name = f"edgetui/{file}.py"
        for one in mutants(name, (copy.place / name).read_bytes()):
            if (one.line, one.what) in fates:
                assert (tool.fate(copy, one, tests, 60.0), "") == (fates[one.line, one.what][0], ""), one
    assert copy.processes == (4 if forked else 8), "what the import made is made again in a new process"
    late = copy.place / "edgetui" / "late.py"
    before = late.read_bytes()
    late.write_text("def late(n):\n    while n:\n        pass\n")
    run = copy.runner("edgetui/late.py", before, late.read_bytes())
    assert run(tests, 0.2) is None
    late.write_bytes(before)
    assert run(tests, 60.0) == 0
    copy.close()
