"""`edgetui completion bash|zsh|fish`: the script of a shell, which asks edgetui itself what may come next."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from edgetui import arguments

ASK = "__complete"
"""The hidden command that the scripts call with the words so far; the last one is being typed."""

_BASH = """# bash completion for edgetui: source <(edgetui completion bash)
_edgetui() {
  local IFS=$'\\n'
  COMPREPLY=($("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=:] ]]; then
    compopt -o nospace
  fi
}
complete -o default -F _edgetui edgetui
"""
_ZSH = """#compdef edgetui
# zsh completion for edgetui: source <(edgetui completion zsh), or this file as _edgetui in a directory of $fpath
_edgetui() {
  local -a found
  found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(${found:#})
  if (( $#found )); then
    compadd -S '' -q -- ${(M)found:#*[/=:]}
    compadd -- ${found:#*[/=:]}
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_edgetui" ]; then _edgetui "$@"; else compdef _edgetui edgetui; fi
"""
_FISH = """# fish completion for edgetui: edgetui completion fish | source
function __edgetui_complete
  set -l words (commandline -opc)
  $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c edgetui -a '(__edgetui_complete)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def command(argv: Sequence[str]) -> int:
    """Print the script of a shell."""
    parser = arguments.Parser("completion", "Print the completion script of a shell.")
    parser.add_argument("shell", choices=list(SCRIPTS), help="for example: source <(edgetui completion bash)")
    sys.stdout.write(SCRIPTS[parser.parse_words(argv).shell])
    return 0
