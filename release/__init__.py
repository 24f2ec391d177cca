"""`make package`: edgetui as one folder that runs on any Linux host, from Debian's packages and PyPI's wheels.

The folder holds Debian's Python, the libraries that it needs and their own loader, so the host gives only a kernel and
a shell. What goes in is pinned by name, version and hash: Debian's part in `debian.lock`, the wheels in
`requirements.lock`. The same inputs give the same bytes, wherever they are put together.
"""
