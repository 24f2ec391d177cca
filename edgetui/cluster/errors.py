"""Everything that can go wrong with a cluster, as types that end in one plain sentence.

Every error carries `sentence` (what is wrong) and `next_step` (what the person can do). Messages from a
server are cut to 256 characters, and only the message of a Status body is ever kept.
"""

from __future__ import annotations

MAX_SERVER_TEXT = 256


class EdgetuiError(Exception):
    """Base of all errors that are shown to a person.

    `sentence` is one plain sentence without a traceback; `next_step` says what to do, or is empty.
    `outcome` is what is true of the cluster after it, as a sentence: "" where its own words say that, None while
    no run of writes has ended in it.
    """

    outcome: str | None = None

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()

    @property
    def advice(self) -> str:
        """What goes below the sentence: the outcome and the next step."""
        return f"{self.outcome or ''} {self.next_step}".strip()

    @property
    def clause(self) -> str:
        """The sentence without its full stop, as a part of another."""
        return self.sentence.rstrip(".")

    def let_go(self) -> None:
        """Forget the frames it came through and what led to it: whoever keeps it would keep all that they hold.

        A frame that still has it is a cycle with it, and what a start leaves in cycles is never looked for.
        """
        self.__traceback__ = self.__cause__ = self.__context__ = None


class KubeconfigError(EdgetuiError):
    """A kubeconfig file, or one entry in it, cannot be used.

    `about` is the kind of that entry: "user", "cluster", "context", or empty for the file.
    """

    about = ""


class CredentialError(EdgetuiError):
    """Credentials could not be obtained: a plugin failed, a token file is gone, a certificate has expired."""


class LinkError(EdgetuiError):
    """The server could not be reached or stopped answering; trying again may help."""


class TlsError(EdgetuiError):
    """The TLS handshake failed for a reason that trying again will not mend."""


class ProtocolError(EdgetuiError):
    """What answered does not speak HTTP/1.1 or is not a Kubernetes API server."""


class Unreadable(ProtocolError):
    """The server answered as it should, but with content that cannot be read: not the fault of the link."""


class NotPrinted(Unreadable):
    """The server gives no Table here, or one that says too little."""


class ApiError(EdgetuiError):
    """The server answered with an error status.

    `code` is the HTTP status, `reason` the machine-readable Status reason ("Conflict", may be empty).
    `cause` and `field` are the first cause in the Status details ("ResourceVersionTooLarge").
    `retry_after` is in seconds, None when the server did not say.
    """

    def __init__(
        self,
        sentence: str,
        next_step: str = "",
        *,
        code: int = 0,
        reason: str = "",
        cause: str = "",
        field: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence, next_step)
        self.code = code
        self.reason = reason
        self.cause = cause
        self.field = field
        self.retry_after = retry_after


class Unauthorized(ApiError):
    """401: the credentials are not accepted."""


class Forbidden(ApiError):
    """403: the user is known but may not do this."""


class NotFound(ApiError):
    """404: the object or the API does not exist."""


class Conflict(ApiError):
    """409: the object changed since the version that was sent as precondition, or exists already."""


class Gone(ApiError):
    """410: the resourceVersion or continue token is too old; list again."""


class Invalid(ApiError):
    """422 or 400: the server refuses the content of the request."""


class Throttled(ApiError):
    """429: the server asks to come back later; `retry_after` is in seconds."""


class ServerFailure(ApiError):
    """5xx: the server failed. For a write the outcome is unknown until it is read back."""


class TooManyRows(EdgetuiError):
    """A cluster has more objects than one program should hold."""

    SENTENCE = "This cluster has more objects than edgetui holds of one; the rest is not shown."

    def __init__(self) -> None:
        super().__init__(self.SENTENCE, "Name the namespaces to look at with -n or :ns.")


class OutcomeUnknown(EdgetuiError):
    """A write was sent and its answer never came: read the object again before saying anything."""
