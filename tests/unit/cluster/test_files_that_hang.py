"""Files that never answer, or are none: each is a sentence of its own cluster, and nobody else waits for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetui.cluster import blocking
from edgetui.cluster.blocking import within
from edgetui.cluster.errors import CredentialError, KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.cluster.kubeconfig.yaml_file import read_bounded

from .kubeconfigs import b64, config, load, one, put, sentence
from .test_credentials import credentials


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_file, "PATIENCE", 0.3)
    monkeypatch.setattr("edgetui.cluster.kubeconfig.search.PATIENCE", 0.3)


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def loop(path: Path) -> Path:
    path.symlink_to(path.name)
    return path


ODD: dict[str, Callable[[Path], Path]] = {
    "a pipe without a writer": pipe,
    "a link to itself": loop,
    "a directory": lambda path: path.mkdir() or path,  # type: ignore[func-returns-value]
    "an endless device": lambda path: Path("/dev/zero"),
    "a deep JSON": lambda path: put(path, '{"a":' * 1100 + "1" + "}" * 1100),
    "a deep list": lambda path: put(path, "[" * 200_000),
    "a name with a NUL": lambda path: path.with_name("a\0b"),
    "a long name": lambda path: path.with_name("x" * 5000),
    "a file below a file": lambda path: put(path, "x") / "below",
}


@pytest.mark.parametrize("what", ODD)
def test_as_a_kubeconfig_it_is_a_sentence_and_the_others_are_there(tmp_path: Path, what: str) -> None:
    odd = ODD[what](tmp_path / "odd")
    good = put(tmp_path / "good", config("good"))
    orders = [load(odd, good), load(good, odd)]
    if "\0" not in str(odd):
        orders.append(load(env={"KUBECONFIG": f"{odd}:{good}"}))
    for found in orders:
        named = {target.name: target for target in found}
        assert named.pop("good").error is None
        for target in named.values():
            assert sentence(target)


@pytest.mark.parametrize("what", [what for what in ODD if "NUL" not in what])
@pytest.mark.parametrize("key", ["certificate-authority", "client-certificate", "client-key"])
def test_as_a_certificate_it_is_a_sentence(tmp_path: Path, what: str, key: str) -> None:
    odd = str(ODD[what](tmp_path / "odd"))
    cluster = {key: odd} if key == "certificate-authority" else {}
    pair = {"client-certificate": odd, "client-key-data": b64(b"-----BEGIN PRIVATE KEY-----")}
    other = {"client-certificate-data": b64(b"-----BEGIN CERTIFICATE-----"), "client-key": odd}
    user = {} if cluster else pair if key == "client-certificate" else other
    target = one(put(tmp_path / "config", config(cluster=cluster, user=user)))
    assert sentence(target)


@pytest.mark.parametrize("what", [what for what in ODD if "deep" not in what])
async def test_as_a_token_file_it_is_a_sentence(tmp_path: Path, what: str) -> None:
    odd = ODD[what](tmp_path / "odd")
    with pytest.raises(CredentialError) as caught:
        await credentials(token_file=odd).headers()
    assert str(caught.value).endswith(".")


def test_a_pipe_that_somebody_writes_to_is_read_to_its_end(tmp_path: Path) -> None:
    path = pipe(tmp_path / "pipe")
    begun = threading.Event()

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            file.write(b"kind: ")
            begun.set()
            time.sleep(2 * yaml_file.PATIENCE)
            file.write(b"Config")

    thread = threading.Thread(target=write)
    thread.start()
    assert read_bounded(path) == b"kind: Config"
    thread.join()


def test_no_device_is_an_empty_file() -> None:
    assert read_bounded(Path("/dev/null")) == b""


def test_many_files_of_one_dead_mount_take_little_more_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wake = threading.Event()
    began = time.monotonic()
    try:
        for _ in range(12):
            with pytest.raises(TimeoutError):
                within(0.5, wake.wait)
        assert time.monotonic() - began < 12 * 0.5 / 2
    finally:
        wake.set()
    for _ in range(6000):
        if within(60.0, lambda: "answers") == "answers" and not blocking._hanging:
            break
        time.sleep(0.01)
    assert not blocking._hanging


def test_the_descriptors_are_closed(tmp_path: Path) -> None:
    path = pipe(tmp_path / "pipe")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(KubeconfigError):
            read_bounded(path)
        with pytest.raises(KubeconfigError):
            read_bounded(tmp_path)
        read_bounded(Path("/dev/null"))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
