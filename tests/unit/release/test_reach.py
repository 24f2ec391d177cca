"""What goes into the folder: modules that something imports, without docstrings, and without what no loader reads."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from release import compiling, parts, reach
from release.elf import needed, stripped
from release.errors import BuildError


def laid(library: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = library / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return library


FILES = {
    "edgetui/__init__.py": "",
    "edgetui/start.py": "import used.inside\ndef later():\n    from . import late\n    import lazy as other\n",
    "edgetui/theme.yaml": "",
    "used/__init__.py": "",
    "used/inside.py": "from .beside import thing\nfrom .. import odd",
    "used/beside.py": "from textual.widgets import OptionList\ntry:\n    import maybe\nexcept ImportError: pass",
    "used/alone.py": "",
    "used/data.json": "",
    "used-1.dist-info/METADATA": "",
    "used-1.dist-info/sboms/large.json": "",
    "lazy.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import typed\nelse:\n    import untyped\n",
    "maybe.py": "if __name__ == '__main__':\n    import script\n",
    "typed.py": "",
    "untyped.py": "import pdb",
    "script.py": "",
    "pdb.py": "import unused",
    "unused.py": "",
    "lib-dynload/unused_too.cpython-311-x.so": "",
    "lib-dynload/lazy.cpython-311-x.so": "",
    "textual/__init__.py": "",
    "textual/widgets/__init__.py": "",
    "textual/widgets/_option_list.py": "",
    "textual/widgets/_other.py": "",
}


def test_what_no_statement_leads_to_is_taken_away(tmp_path: Path) -> None:
    library = laid(tmp_path, FILES)
    reach.keep_reached(library)
    gone = {name for name in FILES if not (library / name).exists()}
    assert gone == {
        "used/alone.py",
        "used/data.json",
        "used-1.dist-info/sboms/large.json",
        "typed.py",
        "script.py",
        "pdb.py",
        "unused.py",
        "lib-dynload/unused_too.cpython-311-x.so",
        "textual/widgets/_other.py",
    }
    assert not (library / "used-1.dist-info" / "sboms").exists()


def test_a_name_made_at_run_time_stops_the_build_until_somebody_has_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "edgetui.py": "import loads",
        "loads.py": "import_module(f'{a}.b')",
        "late/__init__.py": "",
        "late/b.py": "",
    }
    known = reach.modules(laid(tmp_path, files))
    with pytest.raises(BuildError, match="loads imports by a name made at run time: say what in HIDDEN"):
        reach.reached(known)
    monkeypatch.setitem(parts.HIDDEN, "loads", ("late",))
    assert reach.reached(known) == {"edgetui", "loads", "late", "late.b"}


def test_nothing_is_both_cut_and_a_beginning() -> None:
    assert not set(parts.CUT) & {*parts.ROOTS, *parts.HIDDEN}


SOURCE = '''"""Of the module."""
"""More."""
from dataclasses import dataclass
def bare():
    """Only this."""
class Plain:
    """Gone."""
    value = 1
    """Of a value."""
@dataclass
class Kept:
    """Stays."""
async def late():
    """Gone."""
    assert False, "assertions stay"
'''


def test_docstrings_go_and_assertions_and_the_numbers_of_lines_stay() -> None:
    found: dict[str, object] = {}
    tree = compiling.without_docstrings(ast.parse(SOURCE))
    exec(compile(tree, "x", "exec", optimize=0), found)
    assert [getattr(found[name], "__doc__", "") for name in ("bare", "Plain", "Kept", "late")] == [
        None,
        None,
        "Stays.",
        None,
    ]
    assert found.get("__doc__") is None
    with pytest.raises(AssertionError, match="assertions stay") as raised:
        found["late"]().send(None)  # type: ignore[operator]
    assert raised.traceback[-1].lineno == SOURCE.splitlines().index('    assert False, "assertions stay"')


def test_compiled_files_take_the_place_of_their_sources_and_are_the_same_wherever_they_were(
    tmp_path: Path,
) -> None:
    made = []
    for place in ("a", "b/deeper"):
        library = laid(
            tmp_path / place / "python", {"pack/__init__.py": SOURCE, "pack/empty.py": '"""Only this."""\n'}
        )
        compiling.compile_directory(library)
        assert sorted(path.name for path in library.rglob("*.*")) == ["__init__.pyc", "empty.pyc"]
        made.append((library / "pack" / "__init__.pyc").read_bytes())
    assert made[0] == made[1]
    assert str(tmp_path).encode() not in made[0]
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(library)!r}); import pack; pack.bare()",
        ],
        check=False,
    )
    assert done.returncode == 0


def test_an_extension_without_its_symbols_is_smaller_and_works(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("msgspec._core")

    assert spec is not None
    assert spec.origin is not None
    whole = Path(spec.origin)
    smaller = tmp_path / whole.name
    smaller.write_bytes(stripped(whole.read_bytes()))
    assert smaller.stat().st_size < whole.stat().st_size
    assert needed(smaller) == needed(whole)
    assert stripped(smaller.read_bytes()) == smaller.read_bytes()
    loading = (
        "import sys, importlib.util as u; s = u.spec_from_file_location('msgspec._core', sys.argv[1]);"
        "m = u.module_from_spec(s); s.loader.exec_module(m); print(m.__file__ == sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", loading, smaller], capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr
