"""KIND/NAME as kubectl takes it."""

from __future__ import annotations

import pytest

from edgetui.actions.cli.kindnames import parse
from edgetui.actions.messages import Refusal


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("deploy/press", "Deployment"),
        ("Deployment/press", "Deployment"),
        ("deployments.apps/press", "Deployment"),
        ("sts/press", "StatefulSet"),
        ("ds/press", "DaemonSet"),
        ("rs/press", "ReplicaSet"),
        ("hpa/press", "HorizontalPodAutoscaler"),
    ],
)
def test_every_way_to_write_a_kind(text: str, kind: str) -> None:
    assert parse(text) == (kind, "press")


@pytest.mark.parametrize("text", ["press", "deploy/", "/press", "cronjob/press", "deploy/a/b", ""])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(text)
    assert "deploy/press" in refused.value.next_step
