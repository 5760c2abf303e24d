"""What a look at a link can find, and what that means for an answer (R-ANS.2, G-F4)."""

from enum import StrEnum


class Verdict(StrEnum):
    """What became of the attempt to open a link as any reader on the public Internet would."""

    OPENS = "opens"
    NOT_FOUND = "not_found"
    SOFT_404 = "soft_404"  # says 200 and shows "page not found"
    LOG_IN_WALL = "log_in_wall"  # registration, authentication, campus network
    PAYMENT_WALL = "payment_wall"
    PRIVATE_ADDRESS = "private_address"  # it, or a place it leads to, is not on the public Internet
    NO_WEB_ADDRESS = "no_web_address"  # not http(s), names a password, or a port that no web server has
    REDIRECT_LOOP = "redirect_loop"
    TOO_LARGE = "too_large"  # headers without end
    TIMEOUT = "timeout"
    TLS_ERROR = "tls_error"
    UNREACHABLE = "unreachable"  # no such name, nobody answers
    REFUSED = "refused"  # 403, 429: it may open for people
    SERVER_ERROR = "server_error"
    NOT_PROBED = "not_probed"  # this installation looks at no links


class Meaning(StrEnum):
    """What a verdict means for an answer (R-ANS.2)."""

    GOOD = "good"  # may be sent; "verified to open" (G-E3)
    BARRED = "barred"  # never sent: intranet, payment, registration, authentication
    DEAD = "dead"  # never sent: it does not open
    UNSURE = "unsure"  # a machine cannot tell: sent only when the librarian has opened it themselves


_BARRED = {Verdict.LOG_IN_WALL, Verdict.PAYMENT_WALL, Verdict.PRIVATE_ADDRESS, Verdict.NO_WEB_ADDRESS}
_DEAD = {Verdict.NOT_FOUND, Verdict.SOFT_404, Verdict.UNREACHABLE}
_TROUBLE = {Verdict.TIMEOUT, Verdict.TLS_ERROR, Verdict.SERVER_ERROR}


def meaning_of(verdict: Verdict, *, sure: bool = True) -> Meaning:
    """What it means for an answer that is about to be sent.

    What was read out of a long page's words alone is not ``sure``: then it is the librarian who says.
    """
    if verdict is Verdict.OPENS:
        return Meaning.GOOD
    if not sure:
        return Meaning.UNSURE
    if verdict in _BARRED:
        return Meaning.BARRED
    return Meaning.DEAD if verdict in _DEAD else Meaning.UNSURE


def has_died(verdict: Verdict, *, when_sent: Verdict) -> bool:
    """Whether a later look has found something new that is wrong. Bots that are turned away prove nothing."""
    return verdict is not when_sent and verdict in _BARRED | _DEAD | _TROUBLE
