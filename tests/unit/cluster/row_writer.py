"""Writes a file of kept rows again and again until it is killed: `python -m tests.unit.cluster.row_writer FILE`."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from edgetui.cluster.snapshot.file import RowFile
from edgetui.model.cache.snapshot import KeptRows, pack, to_bytes
from edgetui.model.kinds import KINDS, row_of
from tests.unit.model.factories import pod

ROWS = [row_of("Pod", pod(f"press-{n}")) for n in range(500)]


def main(path: Path) -> None:
    for turn in itertools.count(1):
        kinds = {"Pod": pack(KINDS["Pod"], ROWS, float(turn), partial=False)}
        RowFile(path).write(to_bytes(KeptRows(float(turn), "uid", "", kinds)))
        if turn == 1:
            print("written", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
