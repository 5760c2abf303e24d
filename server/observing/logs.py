"""Logs: one JSON object per line, with the conversation's id and never a word of what was said in it (R-LIVE.6)."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from server.outages import named
from server.settings import Settings

# What may carry a person's words or secrets is dropped, whoever puts it into a log line by mistake.
WITHHELD = frozenset(
    ("text", "body", "question", "comment", "note", "data", "frame", "password", "secret", "token", "cookie")
)
OURS = ("server", "web", "workers", "stack_io")
_FRAMES = 30
_SECRET_PATHS = re.compile(r"^/(f|x|verify|reset|invite|invitation)/.+")  # who has the address has the thing


def configure_logs(settings: Settings, out: TextIO | None = None) -> None:
    """Send every log line of this process, ours and the libraries', to standard error in one form.

    Libraries speak from warnings up. Called once, by the command that starts the process: loggers are the one thing
    that a process has in common.
    """
    seen: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        show_exception,
        withhold,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *seen,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a test may configure twice
    )
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=seen,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())


def withhold(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what may be a person's words, and addresses that open by themselves."""
    for name in WITHHELD & line.keys():
        line[name] = "(withheld)"
    if "path" in line:
        line["path"] = _SECRET_PATHS.sub(r"/\1/(withheld)", str(line["path"]))
    return line


def show_exception(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put type and place of an exception into the line; its message only where it cannot quote anybody."""
    given = line.pop("exc_info", None)
    error = (
        given[1]
        if isinstance(given, tuple)
        else given
        if isinstance(given, BaseException)
        else sys.exc_info()[1]
    )
    if given and error is not None:
        line["exception"] = described(error)
    return line


def described(error: BaseException) -> str:
    """The exception, the calls that led to it, and its cause, without quoting values."""
    frames = [
        f"  {frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ][-_FRAMES:]
    parts = [named(error), *frames]
    if isinstance(error, BaseExceptionGroup):
        parts += [described(inner) for inner in error.exceptions]
    if error.__cause__ is not None:
        parts.append(f"caused by {described(error.__cause__)}")
    return "\n".join(parts)
