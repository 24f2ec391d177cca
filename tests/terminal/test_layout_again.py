"""The screen as a person left it, by a dropped connection, is the first thing that the next start draws."""

from __future__ import annotations

import json
from pathlib import Path

from edgetui.demo.launcher import Fleet

from .walking import go_to, open_screen


def test_a_start_draws_what_was_left_and_nothing_else_before_it(tmp_path: Path) -> None:
    file = tmp_path / "state" / "edgetui" / "layout.json"
    with Fleet(1, 0, outages=False) as fleet:
        kubeconfig = str(fleet.ready())
        with open_screen(kubeconfig, home=tmp_path) as app:
            app.wait_for("VERSION", "plant live")
            go_to(app, "pods")
            app.keys(":", "ns line-2", "enter")
            app.wait_for("in line-2")
            app.hang_up()
            app.wait_exit()
        assert json.loads(file.read_text()) == {
            "pane": "pods",
            "namespace": "line-2",
            "clusters": ["plant"],
            "version": 1,
        }
        with open_screen(kubeconfig, home=tmp_path) as app:
            app.wait_for("in line-2", "STATUS", "press-")
            assert b"VERSION" not in app.raw and b"oven-" not in app.raw
            app.keys("q")
            assert app.wait_exit() == 0
        with open_screen("demo", "--clusters", "1", home=tmp_path) as app:
            app.wait_for("VERSION")
            app.keys("3", "q")
            assert app.wait_exit() == 0
    assert json.loads(file.read_text())["pane"] == "pods"
