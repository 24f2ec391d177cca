"""A shell script that unpacks itself once and runs edgetui with the host's Python, 3.11 to 3.14.

One file for amd64 and arm64: the extension modules of every Python lie side by side, and their names tell them apart.
Only the standard library is used, as in archive.py.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import sys
from pathlib import Path

from release.archive import FILTERS, tar

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
END = b"\n# --- what follows is a tar.xz ---\n"
_SCRIPT = """#!/bin/sh
# edgetui {version}, which unpacks itself once below the cache directory of its user.
place=${{XDG_CACHE_HOME:-$HOME/.cache}}/edgetui-program/{digest}
for python in python3 python3.14 python3.13 python3.12 python3.11 ""; do
	[ -z "$python" ] && break
	command -v "$python" >/dev/null 2>&1 &&
		"$python" -I -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' && break
done
if [ -z "$python" ]; then
	echo "edgetui needs Python 3.11 to 3.14 here; edgetui-{version}-linux-*.tar.xz brings its own." >&2
	exit 2
fi
if [ ! -d "$place" ]; then
	mkdir -p "${{place%/*}}" && new=$(mktemp -d "$place.XXXXXX") || exit 2
	"$python" -I - "$0" "$new" <<'END' && mv "$new" "$place" 2>/dev/null || rm -rf "$new"
import compileall, io, sys, tarfile
data = open(sys.argv[1], "rb").read()
content = data[data.index(b"\\n# --- what follows is a tar.xz " + b"---\\n") + {skip} :]
with tarfile.open(fileobj=io.BytesIO(content), mode="r:xz") as archive:
    archive.extraction_filter = getattr(tarfile, "data_filter", None)
    archive.extractall(sys.argv[2])
compileall.compile_dir(sys.argv[2], quiet=2)
END
	[ -d "$place" ] || {{ echo "edgetui cannot be unpacked into $place." >&2; exit 2; }}
fi
exec "$python" -I -c 'import sys; sys.path.insert(0, sys.argv.pop(1)); from edgetui.__main__ import main
raise SystemExit(main())' "$place" "$@"
"""


def pack(folder: Path, target: Path, version: str, seconds: int) -> None:
    """Write the script with everything below `folder` in it."""
    out = io.BytesIO()
    with lzma.open(out, "wb", format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=FILTERS) as packed:
        tar(packed, folder, ".", seconds)
    digest = hashlib.sha256(out.getvalue()).hexdigest()[:16]
    script = _SCRIPT.format(version=version, digest=digest, skip=len(END)).rstrip("\n")
    target.write_bytes(script.encode() + END + out.getvalue())
    target.chmod(0o755)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
