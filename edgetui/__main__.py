"""`python -m edgetui` and the `edgetui` command."""

import sys


def main() -> int:
    """Runs the command line of this process; returns its exit code."""
    from edgetui import output
    from edgetui.cli import main as run

    output.prepare()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
