"""The words of `edgetui forward`: an object in every way that kubectl names one, and one pair of ports or more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edgetui.actions.change.spec import spec_of
from edgetui.actions.cli.act import parser_of, understood
from edgetui.actions.remote.forward_plan import Ports


@pytest.mark.parametrize(
    ("words", "named", "ports"),
    [
        (["press-x", "8080:80"], ("pod", "press-x"), [Ports(8080, 80)]),
        (["pod/press-x", "80", ":http"], ("pod", "press-x"), [Ports(80, 80), Ports(0, "http")]),
        (["svc", "press", "8080:80", "9000:90"], ("svc", "press"), [Ports(8080, 80), Ports(9000, 90)]),
        (["80", "81", "82"], ("pod", "80"), [Ports(81, 81), Ports(82, 82)]),
    ],
)
def test_ports_stand_behind_the_object(
    words: Sequence[str], named: tuple[str, str], ports: list[Ports]
) -> None:
    spec = spec_of("forward")
    parser = parser_of("forward", spec)
    found, given = understood("forward", spec, parser, parser.parse_words(words))
    assert (found.objects, list(given["ports"])) == ((named,), ports)


@pytest.mark.parametrize("words", [["press-x"], [], ["svc/press", "http"], ["press-x", "80:0"]])
def test_without_a_pair_of_ports_it_is_wrong_usage(
    words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    spec = spec_of("forward")
    parser = parser_of("forward", spec)
    with pytest.raises(SystemExit) as left:
        understood("forward", spec, parser, parser.parse_words(words))
    assert left.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
