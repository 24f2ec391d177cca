"""The two scripts that start the packed Python: `edgetui`, and `bin/python` for what edgetui starts itself.

Python finds its library beside the program it believes to be, and that is bin/python: so `sys.executable` names a
script that starts it again the same way, and nothing has to be handed on in the environment, which credential plugins
inherit. It speaks UTF-8 whatever the locale: the encodings of East Asia are not packed, and no name that a cluster has
is then one that cannot be printed.
"""

from __future__ import annotations

from pathlib import Path

from release.parts import PYTHON, Machine

_SCRIPT = """#!/bin/sh
# Starts the Python of this folder with its own loader and libraries, so that it needs none of the host's.
self=$0
case $self in */*) ;; *) self=$(command -v -- "$self") ;; esac
while [ -L "$self" ]; do
	to=$(readlink -- "$self")
	case $to in /*) self=$to ;; *) self=${{self%/*}}/$to ;; esac
done
case $self in /*) ;; *) self=$PWD/$self ;; esac
root=${{self%/*}}{up}
case $root in
*[:\\;]*)
	echo "edgetui cannot run below a folder with : or ; in its name ($root). Move it." >&2
	exit 2
	;;
esac
exec "$root/lib/{loader}" --inhibit-cache --library-path "$root/lib" --argv0 "$root/bin/python" \\
	"$root/bin/{python}" -I -S -X utf8 {arguments}"$@"
"""

# Without its own name in /proc every such program is called like the loader in `top`.
_START = (
    '-c \'open("/proc/self/comm", "w").write("edgetui") if __import__("os").path.exists("/proc/self/comm")'
    " else None; from edgetui.__main__ import main; raise SystemExit(main())' "
)


def write(folder: Path, machine: Machine) -> None:
    """Write both scripts into the folder."""
    for name, up, arguments in (("edgetui", "", _START), ("bin/python", "/..", "")):
        script = folder / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            _SCRIPT.format(up=up, loader=machine.loader, python=PYTHON, arguments=arguments), encoding="utf-8"
        )
        script.chmod(0o755)
