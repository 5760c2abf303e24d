"""Why a server that we need is of no use to us, in the operator's language.

Drivers say it in English and each in its own way, the operating system by numbers. What they mean is told apart here;
their own words go along at the end, for whoever looks them up.
"""

import errno
import re
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import aiosmtplib
import asyncpg
from redis import exceptions as redis

from server.words.catalogue import text, words

_BY_NUMBER = {
    errno.ECONNREFUSED: "nobody",
    errno.EHOSTUNREACH: "no_way",
    errno.ENETUNREACH: "no_way",
    errno.EHOSTDOWN: "no_way",
    errno.ETIMEDOUT: "silent",
    errno.ECONNRESET: "hung_up",
    errno.ECONNABORTED: "hung_up",
    errno.EPIPE: "hung_up",
    errno.EACCES: "right",
    errno.EPERM: "right",
    errno.ENOENT: "no_socket",
    errno.ENOSPC: "disk_full",
}
_BY_STATE = {  # PostgreSQL's SQLSTATE
    "28P01": "log_in",
    "28000": "log_in",
    "3D000": "no_database",
    "53300": "full",
    "53100": "disk_full",
    "57P01": "starting",
    "57P03": "starting",
    "42501": "right",
    "25006": "read_only",
}
_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (redis.AuthenticationError, "log_in"),
    (redis.NoPermissionError, "right"),
    (redis.BusyLoadingError, "starting"),
    (redis.InvalidResponse, "stranger"),
    (redis.TimeoutError, "silent"),
    (aiosmtplib.SMTPAuthenticationError, "log_in"),
    (aiosmtplib.SMTPSenderRefused, "sender"),
    (aiosmtplib.SMTPRecipientRefused, "recipient"),
    (aiosmtplib.SMTPRecipientsRefused, "recipient"),
    (aiosmtplib.SMTPServerDisconnected, "hung_up"),
    (aiosmtplib.SMTPTimeoutError, "silent"),
    (ssl.SSLCertVerificationError, "certificate"),
    (socket.gaierror, "no_host"),
    (sqlite3.Error, "file"),
    (TimeoutError, "silent"),
    (EOFError, "hung_up"),
    (ValueError, "setting"),
)
# What only the words tell: a part of them, by the kind of who says it.
_BY_WORDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (asyncpg.PostgresError, "pg_hba.conf", "not_let_in"),
    (ConnectionError, "rejected SSL upgrade", "no_tls"),
    (ssl.SSLError, "WRONG_VERSION_NUMBER", "no_tls"),
    (ssl.SSLError, "RECORD_LAYER_FAILURE", "no_tls"),
    (redis.AuthenticationError, "HELLO must be called", "no_password"),
    (redis.AuthenticationError, "Authentication required", "no_password"),
    (redis.ResponseError, "DB index", "no_database"),
    (redis.RedisError, "max number of clients", "full"),
    (aiosmtplib.SMTPException, "STARTTLS extension not supported", "no_tls"),
    (aiosmtplib.SMTPException, "AUTH extension is not supported", "no_log_in"),
    (sqlite3.Error, "malformed", "broken"),
    (sqlite3.Error, "not a database", "broken"),
    (sqlite3.Error, "locked", "busy"),
    (sqlite3.Error, "unable to open", "right"),
    (sqlite3.Error, "readonly", "right"),
    (sqlite3.Error, "full", "disk_full"),
)
_EACH = re.compile(r"\[Errno (\d+)\]")  # asyncio strings them together
_TLS_FIRST = 530  # RFC 3207: must issue a STARTTLS command first


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is the matter with a server, what to do about it, and how its driver put it."""

    reason: str
    todo: str
    detail: str


def trouble_with(server: str, error: BaseException, language: str) -> Trouble:
    """What keeps us from a ``server`` (database, redis, mail, scanner), told in a language."""
    cause = cause_of(error)
    own = f"cause_next.{server}.{cause}"
    todo = text(own if own in words().texts["zh"] else f"cause_next.{server}.other", language)
    said = " ".join(str(error).split()) or type(error).__name__
    return Trouble(text(f"cause.{cause}", language), todo, text("cause.detail", language, words=said))


def cause_of(error: BaseException) -> str:
    """What an error comes to: the code below ``cause`` in the catalogue, ``other`` where nobody can tell."""
    found = next(filter(None, map(_cause, _chain(error))), "")
    if not found and any(isinstance(each, redis.ConnectionError | ConnectionError) for each in _chain(error)):
        return "hung_up"
    return found or "other"


def _cause(error: BaseException) -> str:
    said = str(error)
    for kind, part, cause in _BY_WORDS:
        if isinstance(error, kind) and part in said:
            return cause
    if isinstance(error, asyncpg.PostgresError):
        return _BY_STATE.get(error.sqlstate or "", "")
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and _number(error) in _BY_NUMBER:
        return _BY_NUMBER[_number(error)]
    for kind, cause in _BY_KIND:
        if isinstance(error, kind):
            return cause
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _refusal(error.code)
    return "tls" if isinstance(error, ssl.SSLError) else ""


def _number(error: OSError) -> int:
    """The system's number for it; where a host has several addresses, and each its own, that of the first."""
    if error.errno is not None:
        return error.errno
    first = _EACH.search(str(error))
    return int(first[1]) if first else 0


def _refusal(code: int) -> str:
    """What a mail server's answer comes to, by its code; one that is no answer at all is given as -1."""
    if code < 0:
        return "stranger"
    return "tls_first" if code == _TLS_FIRST else "later" if code < 500 else "refuses"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
