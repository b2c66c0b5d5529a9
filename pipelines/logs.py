"""One log format for every use case; print belongs to the commands alone."""

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def logger(name: str) -> logging.Logger:
    """Return the logger of a module, under the common ``aop`` root."""
    return logging.getLogger("aop").getChild(name.removeprefix("pipelines."))


def to_stderr(*, verbose: bool = False) -> None:
    """Send the project's log to standard error, once, at INFO or WARNING."""
    root = logging.getLogger("aop")
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(_FORMAT, "%H:%M:%S"))
        root.addHandler(handler)
        root.propagate = False
