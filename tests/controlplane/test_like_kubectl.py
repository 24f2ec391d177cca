"""What kubectl takes, edgetui takes: hundreds of odd kubeconfigs, bundles, plugin answers, proxies and names.

Both get the same files, and a server of the test writes down who came. Every difference stands in DIFFERENCES with
its reason; one that does not, and one that is there no longer, fails.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from .assets import Assets
from .likeness import Pair, compare

WORKERS = 3
REFUSED, ANONYMOUS, WITH_TOKEN = "refused", "/version", "/version; authorization=Bearer good"
WITH_CERTIFICATE = "/version; certificate=kim"

Difference = tuple[str, str]
DIFFERENCES: dict[str, dict[str, Difference]] = {
    "edgetui reads the fields that it needs, and no odd one elsewhere stops it": {
        "form: another apiVersion": (REFUSED, WITH_TOKEN),
        "form: apiVersion is a number": (REFUSED, WITH_TOKEN),
        "form: a section that is a mapping": (REFUSED, WITH_TOKEN),
        "form: preferences that are odd": (REFUSED, WITH_TOKEN),
        "form: preferences that are a list": (REFUSED, WITH_TOKEN),
        "form: extensions that are odd": (REFUSED, WITH_TOKEN),
        "form: an extension of a cluster that is odd": (REFUSED, WITH_TOKEN),
    },
    "where there is one context only, it is the one that is meant; kubectl asks localhost:8080": {
        "form: a field in another case": (REFUSED, WITH_TOKEN),
        "no current context, one context": (REFUSED, WITH_TOKEN),
        "a current context that is null": (REFUSED, WITH_TOKEN),
    },
    "a user without credentials is asked for a name on the terminal by kubectl; edgetui goes as nobody": {
        "a user without content": (REFUSED, ANONYMOUS),
        "user: nobody": (REFUSED, ANONYMOUS),
        "user: token that is null": (REFUSED, ANONYMOUS),
        "user: password alone": (REFUSED, "/version; authorization=Basic OnB3"),
        "pair: key alone": (REFUSED, ANONYMOUS),
        "pair: that are empty": (REFUSED, ANONYMOUS),
    },
    "one bad file of a list does not stop the others": {
        "list: broken last": (REFUSED, WITH_TOKEN),
        "list: broken first": (REFUSED, WITH_TOKEN),
        "list: deep last": (REFUSED, WITH_TOKEN),
        "list: another kind last": (REFUSED, WITH_TOKEN),
        "list: a directory": (REFUSED, WITH_TOKEN),
        "list: a link that leads to itself": (REFUSED, WITH_TOKEN),
    },
    "of data and a file that say the same thing data counts; kubectl says so too, and refuses": {
        "authority: file and data": (REFUSED, WITH_TOKEN),
        "authority: file that is missing and data": (REFUSED, WITH_TOKEN),
        "pair: data and files": (REFUSED, WITH_CERTIFICATE),
        "pair: data and files that are missing": (REFUSED, WITH_CERTIFICATE),
    },
    "blanks and line breaks around an address, a token or a command are no part of it": {
        "server with spaces": (REFUSED, WITH_TOKEN),
        "server with a line break": (REFUSED, WITH_TOKEN),
        "user: token with spaces around": ("/version; authorization=Bearer  good", WITH_TOKEN),
        "user: token with a line break at the end": (REFUSED, WITH_TOKEN),
        "base64 with blanks": (REFUSED, WITH_TOKEN),
        "base64 with tabs around": (REFUSED, WITH_TOKEN),
        "plugin: a bare command with blanks": (REFUSED, WITH_TOKEN),
        "proxy-url: spaces around": (REFUSED, WITH_TOKEN),
    },
    "what a plugin prints behind its answer is passed over": {
        "answer: two JSON documents": (REFUSED, WITH_TOKEN),
        "answer: something behind": (REFUSED, WITH_TOKEN),
    },
    "a server with an authority and no scheme is asked by TLS: kubectl sends the request without": {
        "server without a scheme": (REFUSED, WITH_TOKEN),
    },
    "the token counts, whatever stands beside it": {
        "user: provider and token": (REFUSED, WITH_TOKEN),
    },
    "socks5h is taken in a file as it is in the environment": {
        "proxy-url: socks5h": (REFUSED, WITH_TOKEN),
    },
    "danger: it would lead a request to another path of the server; kubectl refuses it with the first object": {
        "namespace 'Not/OK' str": (WITH_TOKEN, REFUSED),
    },
    "no server accepts such a token, and the sentence names the file or the plugin": {
        "user: token file with two words": ("/version; authorization=Bearer a b", REFUSED),
        "user: token file that is not ASCII": ("/version; authorization=Bearer \u00e4", REFUSED),
        "answer: half a surrogate pair": ("/version; authorization=Bearer \ufffd", REFUSED),
    },
    "danger: what a plugin prints is held in memory, so it is bounded": {
        "answer: two megabytes": (WITH_TOKEN, REFUSED),
    },
}


@pytest.fixture(scope="module")
def pairs(control_plane_assets: Assets) -> Iterator[dict[str, Pair]]:
    """Every case by both."""
    program = Path(control_plane_assets["kubectl"])
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [pool.submit(compare, program, number, WORKERS) for number in range(WORKERS)]
        yield {name: pair for part in parts for name, pair in part.result().items()}


def test_every_difference_is_one_that_is_meant(pairs: dict[str, Pair]) -> None:
    found = {
        name: (pair.kubectl, pair.edgetui) for name, pair in pairs.items() if pair.kubectl != pair.edgetui
    }
    meant = {name: how for cases in DIFFERENCES.values() for name, how in cases.items()}
    assert found == meant


def test_there_are_enough_cases_that_are_taken_and_that_are_refused(pairs: dict[str, Pair]) -> None:
    taken = [name for name, pair in pairs.items() if pair.edgetui != REFUSED]
    assert len(taken) >= 200 and len(pairs) - len(taken) >= 100


def test_every_refusal_is_a_sentence(pairs: dict[str, Pair]) -> None:
    for name, pair in pairs.items():
        if pair.edgetui == REFUSED:
            assert 10 < len(pair.why) < 700 and "\n" not in pair.why and "Traceback" not in pair.why, name
