"""What must hold before a version is published: each step fails with a sentence for what it is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from release import check
from release.check import STEPS, Failed, changelog, fresh, notices

PART = {"name": "rich", "version": "15", "licence": "MIT", "origin": "PyPI", "sha256": "0"}


@pytest.mark.parametrize("heading", ["## 1.2.0, 2026-11-28", "## 1.2.0 (2026-11-28)"])
def test_a_version_with_its_day_is_in_the_change_log(heading: str) -> None:
    changelog(f"# Changelog\n\n{heading}\n- news\n", "1.2.0")


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("## 1.2.0, not yet released", "does not say when 1.2.0 is released"),
        ("## 1.2.01, 2026-11-28", "has no section for 1.2.0"),
        ("## 1.1.0, 2026-11-28", "has no section for 1.2.0"),
        ("text about 1.2.0, 2026-11-28", "has no section for 1.2.0"),
    ],
)
def test_a_version_that_is_missing_or_has_no_day_is_told(heading: str, said: str) -> None:
    with pytest.raises(Failed, match=said):
        changelog(f"# Changelog\n\n{heading}\n", "1.2.0")


def test_every_part_has_its_licence_and_its_text() -> None:
    notices([PART], ["edgetui/licenses/libc6"])
    for manifest, files in (
        ([], ["edgetui/licenses/libc6"]),
        ([PART | {"licence": ""}], ["edgetui/licenses/libc6"]),
        ([PART], ["edgetui/edgetui"]),
    ):
        with pytest.raises(Failed):
            notices(manifest, files)


def test_pictures_are_fresh_where_nothing_they_show_changed_later() -> None:
    fresh(20, {"themes": 20, "edgetui/ui": 10})
    with pytest.raises(Failed, match=r"older than edgetui/ui, themes: make screenshots"):
        fresh(20, {"themes": 21, "edgetui/ui": 30, "edgetui/demo": 5})


def test_every_step_is_tried_and_any_failure_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = []

    def step(name: str, fails: bool) -> Callable[[], None]:
        def work() -> None:
            tried.append(name)
            if fails:
                raise Failed("why\nand what to do")

        return work

    for number, name in enumerate(STEPS):
        monkeypatch.setitem(check.STEPS, name, (f"about {name}", step(name, number == 1)))
    assert check.main([]) == 1
    assert tried == list(STEPS)
    said = capsys.readouterr().out
    assert "FAILED  about changelog\n        why\n        and what to do\n" in said
    assert said.count("ok      about ") == len(STEPS) - 1
    assert check.main(["tests"]) == 0
    with pytest.raises(SystemExit):
        check.main(["nosuch"])
