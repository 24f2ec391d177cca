"""Where the control plane's programs are looked for, and what is said when one cannot be had."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.controlplane import assets, build
from tests.controlplane.golang import BuildError, required_version


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    cache = tmp_path / "cache"
    monkeypatch.setenv("TEST_EDGETUI_CACHE", str(cache))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return cache


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def _etcd() -> assets.Tool:
    return next(tool for tool in assets.TOOLS if tool.name == "etcd")


def test_everything_is_missing_from_an_empty_cache() -> None:
    found, missing = assets.find()
    assert not found.programs
    assert missing == list(assets.TOOLS)
    assert not any(files.there for files in assets.FILES)


def test_a_ready_made_program_beats_the_cached_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cached = _program(assets.module_cache("etcd") / "bin" / "etcd")
    assert assets.locate(_etcd()) == cached
    ready_made = _program(tmp_path / "ready-made" / "etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(ready_made.parent))
    assert assets.locate(_etcd()) == ready_made


def test_a_file_that_cannot_be_run_is_not_a_program() -> None:
    _program(assets.module_cache("etcd") / "bin" / "etcd").chmod(0o644)
    assert assets.locate(_etcd()) is None


def test_nothing_is_built_when_everything_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for tool in assets.TOOLS:
        _program(assets.module_cache(tool.module) / "bin" / tool.name)
    for files in assets.FILES:
        for name in files.names:
            _program(files.kept / name)
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs-here"))
    said: list[str] = []
    assert set(build.ensure(said.append).programs) == {tool.name for tool in assets.TOOLS}
    assert said == []


def test_each_module_has_a_key_of_its_own() -> None:
    modules = {tool.module for tool in assets.TOOLS}
    assert len({assets.key(module) for module in modules}) == len(modules) == 9


def test_a_module_is_built_again_when_its_source_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tools = Path(shutil.copytree(assets.TOOLS_DIR, tmp_path / "tools"))
    monkeypatch.setattr(assets, "TOOLS_DIR", tools)
    before = assets.key("verdicts"), assets.key("etcd")
    with (tools / "verdicts" / "main.go").open("a") as source:
        source.write("// changed\n")
    assert assets.key("verdicts") != before[0]
    assert assets.key("etcd") == before[1]


def test_a_cache_that_cannot_be_written_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setenv("TEST_EDGETUI_CACHE", str(in_the_way))
    with pytest.raises(BuildError, match=r"cannot be written .*; set TEST_EDGETUI_CACHE to one that can\.$"):
        build.ensure(lambda _: None)


def test_the_go_needed_is_the_highest_that_a_module_asks_for() -> None:
    assert required_version() >= (1, 26, 5)
