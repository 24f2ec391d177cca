"""The same walk on the demo fleet: `edgetui demo`, a real terminal, real keys, and the link that drops and returns."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .ptyapp import PtyApp
from .walking import close_receipt, confirm, go_to, narrow, open_screen, row, scale, wait_row


def directories(place: Path) -> list[Path]:
    return list(place.glob("edgetui-demo-*"))


def begin(app: PtyApp, key: str, words: str) -> None:
    """Press the key of an action, again if the row under the cursor has only just come there."""
    refused = "changed by itself"
    app.keys(key)
    while words not in app.until(lambda text: words in text or refused in text, what=words):
        app.wait_gone(refused)
        app.keys(key)


def test_the_demo_fleet_can_be_walked_with_all_three_keys(tmp_path: Path) -> None:
    place = Path(tempfile.mkdtemp(dir=tmp_path))
    env = {"TMPDIR": str(place), "XDG_RUNTIME_DIR": str(place)}
    with open_screen("demo", home=tmp_path, columns=120, env=env) as app:
        app.wait_for("plant live", "van-17 live", "farm live", "DEMO")
        assert wait_row(app, "farm", "farm-tower-4").startswith("!")
        assert len(directories(place)) == 1

        go_to(app, "rollouts")
        narrow(app, "press")
        wait_row(app, "press", "image not found")
        begin(app, "b", "last good")
        app.keys("enter")
        confirm(app, "Roll back on plant")
        close_receipt(app)
        wait_row(app, "press", "[==========]", "complete", "6/6", "press:2.0")

        narrow(app, "oven")
        wait_row(app, "oven", "4/4")
        app.settle()
        scale(app, 6, "plant")
        close_receipt(app)
        wait_row(app, "oven", "6/6")

        app.keys("t")
        confirm(app, "Rotate token on plant")
        assert "401" in close_receipt(app)
        wait_row(app, "oven", "6/6")

        app.wait_for("van-17 stale", timeout=90)
        go_to(app, "nodes")
        assert wait_row(app, "van-17", "MicroK8s").startswith("~")
        app.wait_for("plant live", "farm live")
        app.wait_for("van-17 live", timeout=60)
        app.until(lambda _: not row(app, "van-17", "MicroK8s").startswith("~"), what="fresh rows")

        app.keys("q")
        assert app.wait_exit() == 0
        assert 1049 not in app.modes
        assert app.attributes() == app.attributes_at_start
    assert not directories(place)
    record = (tmp_path / "state" / "edgetui" / "audit.jsonl").read_text()
    assert record.count('"event":"intent"') == record.count('"event":"result"') >= 3
