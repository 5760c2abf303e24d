"""Conversation tokens and CSRF tokens: short texts that prove something, signed with the installation's secret."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from server.domain.errors import NotAllowed

TOKEN_SECONDS = 900
SAFE_METHODS = frozenset(
    {"GET", "HEAD", "OPTIONS"}
)  # they change nothing (RFC 9110, 9.2.1): no CSRF token asked


@dataclass(frozen=True, slots=True)
class Claim:
    """What a conversation token says: this reader may take part in this session until then.

    Who is one by an account, only as long as that ``login`` lasts.
    """

    session_id: str
    reader_key: str
    expires: datetime
    login: str = ""


def sign_token(secret: str, claim: Claim) -> str:
    """``session.reader.expiry.signature`` (HMAC-SHA256, RFC 2104); behind the expiry ``.login`` where there is one."""
    body = f"{claim.session_id}.{claim.reader_key}.{int(claim.expires.timestamp())}"
    if claim.login:
        body += f".{claim.login}"
    return f"{body}.{_signature(secret, _chat(body), body)}"


def read_token(secrets: tuple[str, ...], token: str, now: datetime) -> Claim:
    """The claim of a genuine token. Raises NotAllowed ``token_invalid`` or ``token_expired``."""
    body, _, signature = token.rpartition(".")
    genuine = (_signature(secret, _chat(body), body) for secret in secrets)
    if not any(hmac.compare_digest(right.encode(), signature.encode()) for right in genuine):
        raise NotAllowed("token_invalid")
    session_id, reader_key, expiry, *login = body.split(".")
    expires = datetime.fromtimestamp(int(expiry), UTC)
    if now >= expires:
        raise NotAllowed("token_expired")
    return Claim(session_id, reader_key, expires, "".join(login))


def practice_code(secret: str, slug: str, until: datetime) -> str:
    """What a staff member shows to open a practice conversation at a desk (R-ORG.5): no reader gets there by chance."""
    body = f"{slug}.{int(until.timestamp())}"
    return f"{int(until.timestamp())}.{_signature(secret, 'practice', body)}"


def is_practice_code(secrets: tuple[str, ...], slug: str, code: str, now: datetime) -> bool:
    """Whether the code is genuine, for this desk, and not run out."""
    until, _, signature = code.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 16) or int(until) < now.timestamp():
        return False
    genuine = (_signature(secret, "practice", f"{slug}.{until}") for secret in secrets)
    return any(hmac.compare_digest(right.encode(), signature.encode()) for right in genuine)


def talk_code(secret: str, session_id: str, until: datetime) -> str:
    """What lets its reader's request carry a conversation along (R-LIVE.4): they may have been a stranger in it."""
    body = f"{session_id}.{int(until.timestamp())}"
    return f"{body}.{_signature(secret, 'talk', body)}"


def talk_of(secrets: tuple[str, ...], code: str, now: datetime) -> str:
    """The conversation of a genuine code that has not run out; nothing for any other."""
    body, _, signature = code.rpartition(".")
    session_id, _, until = body.partition(".")
    genuine = (_signature(secret, "talk", body) for secret in secrets)
    if not any(hmac.compare_digest(right.encode(), signature.encode()) for right in genuine):
        return ""
    return session_id if int(until) >= now.timestamp() else ""


def delivery_token(secret: str, delivery_id: str) -> str:
    """What opens a delivery: its number, signed. When it ends stands in the delivery itself."""
    return f"{delivery_id}.{_signature(secret, 'delivery', delivery_id)}"


def delivery_of(secrets: tuple[str, ...], token: str) -> str:
    """The number in a genuine token; nothing for any other."""
    delivery_id, _, signature = token.partition(".")
    genuine = (_signature(secret, "delivery", delivery_id) for secret in secrets)
    known = any(hmac.compare_digest(right.encode(), signature.encode()) for right in genuine)
    return delivery_id if known else ""


@lru_cache(maxsize=4096)
def csrf_token(secret: str, web_session_id: str) -> str:
    """The token that a form or script of this log-in must send back."""
    return _signature(secret, "csrf", web_session_id)


def hashed(secret_text: str) -> str:
    """How secrets are stored: SHA-256, hexadecimal."""
    return hashlib.sha256(secret_text.encode()).hexdigest()


def _chat(body: str) -> str:
    """A server of before must not take a token for its own whose log-in it would overlook: it asks for another one."""
    return "chat" if body.count(".") == 2 else "chat login"


def _signature(secret: str, purpose: str, body: str) -> str:
    digest = hmac.digest(secret.encode(), f"{purpose}:{body}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
