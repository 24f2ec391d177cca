"""What runs in the container: tar, as kubectl cp runs it, and the shell around it that leaves no half file.

All words reach the shell as arguments, none as its text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from edgetui.actions.files.place import split

NO_OWNERS = ("--no-same-permissions", "--no-same-owner")
"""What kubectl cp --no-preserve tells the tar in the container."""
NOT_FOUND = 127
"""Exit code of a shell for a command that there is not (POSIX, 2.8.2)."""
_MISSING = re.compile(r"executable file not found|command not found|\bnot found$", re.MULTILINE)

# $1 the target, $2 the name of the source or ".", $3 a temporary name, $4 "file" or "directory", $5 the length of the
# archive; the rest goes to tar. A link to a directory counts as one, as it does for tar.
_RECEIVE = """
target=$1 name=$2 new=$3 kind=$4 length=$5
shift 5
case $target in /* | ./* | ../*) ;; *) target=./$target ;; esac
[ "$name" != . ] && [ -d "$target" ] && target=${target%/}/$name
target=${target%/}
[ -n "$target" ] || target=/
in=${target%/*}
[ -n "$in" ] || in=/
command -v tar >/dev/null 2>&1 || { echo "tar: not found" >&2; exit 127; }
if [ "$kind" = file ] && [ -d "$target" ]; then echo "$target is a directory" >&2; exit 1; fi
if [ "$kind" = directory ] && [ -e "$target" ] && [ ! -d "$target" ]; then
    echo "$target is not a directory" >&2; exit 1
fi
put() {
    if [ -d "$1" ] && [ ! -L "$1" ] && [ -d "$2" ]; then
        for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            if [ -e "$each" ] || [ -L "$each" ]; then put "$each" "$2/${each##*/}" || return 1; fi
        done
    elif [ -d "$2" ]; then
        echo "$2 is a directory" >&2; return 1
    else
        mv -f "$1" "$2"
    fi
}
new=${in%/}/$new
head -c "$length" | tar "$@" -xmf - -C "$in" && put "$new" "$target"
code=$?
rm -rf "$new"
exit $code
"""

# A command that has ended takes with it what is still on its way: its kubelet closes the connection to the API server,
# and the next ping of that (every 5 s, apiserver, proxy.StreamTranslatorHandler) makes the kernel drop what it has not
# sent. Success is reported all the same. So a tar that went well is not over before the other end has all of it.
_STAYS = """
[ "$code" = 0 ] && read -r got
exit "$code"
"""
_SEND = f"""
tar cf - -C "$1" "$2"
code=$?
{_STAYS}"""

# $1 and $2 as for tar, $3 and $4 the place and length of the header that is compared, $5 where to go on, both places
# counted from 1. The exit code of tar, which a pipe would lose, comes by a descriptor of its own.
_RESUME = f"""
tar cf - -C "$1" "$2" 2>/dev/null | tail -c +"$3" | head -c "$4"
exec 4>&1
code=$({{ {{ tar cf - -C "$1" "$2"; echo "$?" >&3; }} | tail -c +"$5" >&4; }} 3>&1)
{_STAYS}"""


def send(path: str, *, stays: bool = True) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The command that sends a path, and the names that all its members begin with.

    It `stays` until it is sent a line, which needs a shell in the container.
    """
    folder, name = split(path)
    root = () if name == "." else (name,)
    what = (folder, f"./{name}" if name.startswith("-") else name)
    return (("sh", "-c", _SEND, "sh", *what) if stays else ("tar", "cf", "-", "-C", *what)), root


def resume(path: str, header: tuple[int, int], at: int) -> tuple[str, ...]:
    """The command that sends a header again, by its place and length, and then what comes from byte `at` on.

    It stays until it is sent a line.
    """
    sending, _ = send(path)
    numbers = (header[0] + 1, header[1], at + 1)
    return ("sh", "-c", _RESUME, "sh", *sending[-2:], *map(str, numbers))


def receive(
    path: str, name: str, temporary: str, *, directory: bool, length: int, options: Sequence[str] = ()
) -> tuple[str, ...]:
    """The command that takes an archive of `temporary`, and gives it the name that it should have.

    As with kubectl that is `path`, or where `path` is a directory there, `name` below it.
    """
    kind = "directory" if directory else "file"
    return ("sh", "-c", _RECEIVE, "sh", path, name, temporary, kind, str(length), *options)


def base(path: str) -> str:
    """The name that a local source has in a directory there; "." for the content of a directory."""
    name = posixpath.basename(path.rstrip("/"))
    return "." if name in ("", ".", "..") else name


def is_missing(code: int, *texts: str) -> bool:
    """Whether a command could not run because there is none of its name; runtimes say that in several ways."""
    return code == NOT_FOUND or any(_MISSING.search(text) for text in texts)
