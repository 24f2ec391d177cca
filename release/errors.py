"""What stops a build: one sentence with the next step."""


class BuildError(Exception):
    """The build cannot go on; the text is for a person."""
