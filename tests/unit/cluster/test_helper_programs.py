"""A helper program is fed, heard and ended within bounds, whatever it does with its pipes."""

from __future__ import annotations

import os
import signal
import time

import pytest

from edgetui.cluster.auth.subprocess import MAX_OUTPUT, MAX_STDERR, Finished, TimeIsUp, TooMuchOutput, run

PIPE = 64 * 1024


async def shell(script: str, stdin: bytes = b"", within: float = 20.0) -> Finished:
    return await run(["/bin/sh", "-c", script], dict(os.environ), within, stdin)


@pytest.mark.parametrize("size", [0, 1, PIPE, 5 * PIPE])
async def test_all_of_its_input_reaches_it(size: int) -> None:
    done = await shell("wc -c", b"x" * size)
    assert (done.code, int(done.stdout)) == (0, size)


async def test_one_that_reads_nothing_of_a_long_input_is_ended_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(TimeIsUp) as caught:
        await shell("echo busy >&2; exec sleep 60", b"x" * 5 * PIPE, within=0.1)
    assert time.monotonic() - began < 30
    assert caught.value.stderr in ("", "busy\n")


async def test_one_that_ends_without_reading_has_its_own_exit_code() -> None:
    assert (await shell("exit 3", b"x" * 5 * PIPE)).code == 3


@pytest.mark.parametrize("over", [0, 1])
async def test_of_its_output_a_megabyte_is_taken(over: int) -> None:
    script = f"head -c {MAX_OUTPUT + over} /dev/zero"
    if over:
        with pytest.raises(TooMuchOutput):
            await shell(script)
    else:
        assert len((await shell(script)).stdout) == MAX_OUTPUT == 1024 * 1024


async def test_of_its_complaints_the_last_are_kept() -> None:
    done = await shell("{ head -c 100000 /dev/zero | tr '\\0' a; echo end; } >&2")
    assert done.stderr == "a" * (MAX_STDERR - 4) + "end\n"
    assert MAX_STDERR == 8 * 1024


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 1", 1), ("exit 255", 255), ("kill -9 $$", -signal.SIGKILL), ("kill -1 $$", -1)],
)
async def test_how_it_ended(script: str, code: int) -> None:
    assert await shell(f"echo out; {script}") == Finished(code, b"out\n", "")


async def test_it_asks_nobody() -> None:
    done = await shell(
        "cat; (exec </dev/tty) 2>/dev/null && echo terminal; ps -o sid= -p $$ | tr -d ' '; echo $$"
    )
    session, own = done.stdout.split()
    assert session == own
