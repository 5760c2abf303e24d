"""Sends what waits in the outbox: once, in order of need, through any trouble of the mail server.

A mail leaves a second time in one case only: the server took it and we did not come to know (the line broke
before its answer, or we crashed between its answer and our commit). Both copies carry the same Message-ID.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from enum import Enum

import aiosmtplib

from server.context import Context
from server.domain.errors import Unavailable
from server.store import mails
from server.store.mails import Mail
from workers.envelopes import local_name, mail_from, message_of

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than the slowest sending: five commands of COMMAND_SECONDS each
COMMAND_SECONDS = 60.0
CONNECT_SECONDS = 20.0
POLL_SECONDS = 10.0  # the net below the bus's wake-up
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
KEEP_TRIES = 60  # one a second
PATIENCE = timedelta(days=3)  # then nobody waits for the mail any more
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds between calls on a server that does not answer


class Fate(Enum):
    """What the server's answer means for one mail."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"


class ServerAway(Exception):
    """The mail server cannot be reached or will not talk to us: no mail's fault."""


async def run_outbox(ctx: Context, stop: asyncio.Event, wake: asyncio.Event | None = None) -> None:
    """Send mails as they fall due, until ``stop``; ``wake`` is set when one was written.

    Without a mail server mails stay waiting. A server or database that is away is called on again and again,
    ever more slowly, and costs no mail one of its attempts.
    """
    if not ctx.settings.smtp_host:
        log.warning("mail waits in the outbox: smtp_host is not set")
        await stop.wait()
        return
    sender, wake, pause = Sender(ctx), wake or asyncio.Event(), FIRST_PAUSE
    while not stop.is_set():
        wake.clear()
        try:
            await sender.send_due(stop)
            pause = FIRST_PAUSE
            await _either(stop, wake, seconds=POLL_SECONDS)
        except ServerAway as trouble:
            log.warning("mail server is away, next call in %.0f s: %s", pause, trouble)
            await _either(stop, seconds=pause)  # a new mail does not bring the server back
            pause = min(pause * 2, LONGEST_PAUSE)
        except Unavailable:
            await _either(stop, seconds=POLL_SECONDS)


class Sender:
    """One connection to the mail server, held while there is something to send."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def send_due(self, stop: asyncio.Event | None = None) -> int:
        """Send all mails that are due; returns how many the server took. Raises ServerAway."""
        taken = 0
        smtp: aiosmtplib.SMTP | None = None
        try:
            while not (stop and stop.is_set()) and await self._any_due():
                if smtp is None or not smtp.is_connected:
                    smtp = await self._connect()
                mail = await self._take()
                if mail is None:
                    break
                fate, error = await self._send(smtp, mail)
                await self._keep(mail, fate, error)
                taken += fate is Fate.TAKEN
        finally:
            if smtp is not None:
                await _good_bye(smtp)
        return taken

    async def _any_due(self) -> bool:
        at = await mails.next_mail_at(self._ctx.db.read)
        return at is not None and at <= self._ctx.clock.now()

    async def _take(self) -> Mail | None:
        now = self._ctx.clock.now()
        async with self._ctx.transaction() as tx:
            return await mails.take_mail(tx, now=now, until=now + LEASE)

    async def _connect(self) -> aiosmtplib.SMTP:
        """A connection ready to take mails. Raises ServerAway, also when it refuses our name or password."""
        settings = self._ctx.settings
        smtp = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=settings.smtp_password or None,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            local_hostname=local_name(settings),
            timeout=COMMAND_SECONDS,
        )
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await smtp.connect()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            smtp.close()
            raise ServerAway(_said(error)) from error
        return smtp

    async def _send(self, smtp: aiosmtplib.SMTP, mail: Mail) -> tuple[Fate, str]:
        """Hand the mail over and judge the answer."""
        try:
            message = message_of(mail, self._ctx.settings)
        except Exception as error:  # whatever is wrong with it, it must not hold up the mails behind it
            log.exception("mail %s (%s) cannot be written", mail.id, mail.template)
            return Fate.NEVER, _said(error)
        sender = mail_from(self._ctx.settings)
        try:
            await smtp.send_message(message, sender=sender, recipients=[mail.recipient])
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            if not isinstance(error, aiosmtplib.SMTPResponseException | aiosmtplib.SMTPRecipientsRefused):
                smtp.close()  # in the middle of a talk nobody knows whose turn it is
            return judged(error), _said(error)
        return Fate.TAKEN, ""

    async def _keep(self, mail: Mail, fate: Fate, error: str) -> None:
        """Write down what became of the mail; tries for a minute, for a second copy may hang on it."""
        for tries_left in reversed(range(KEEP_TRIES)):
            try:
                async with self._ctx.transaction() as tx:
                    now = self._ctx.clock.now()
                    if fate is Fate.TAKEN:
                        await mails.keep_sent(tx, mail, now)
                    elif fate is Fate.NEVER or now - mail.created_at > PATIENCE:
                        await mails.give_up(tx, mail, error=error)
                    else:
                        await mails.put_back(tx, mail, next_at=now + wait_after(mail.attempts), error=error)
                break
            except Unavailable:
                if not tries_left:
                    raise
                await asyncio.sleep(1)
        log.info("mail %s (%s) attempt %d: %s %s", mail.id, mail.template, mail.attempts, fate.value, error)


def wait_after(attempts: int) -> timedelta:
    """How long a mail waits after so many attempts: twice as long each time, an hour at most."""
    return min(FIRST_WAIT * (1 << min(attempts - 1, 16)), LONGEST_WAIT)


def judged(error: BaseException) -> Fate:
    """Whether a failure is for good: only a 5xx answer about recipient or text is (RFC 5321, 4.2.1).

    A refused sender is our configuration's fault and a broken line nobody's: both are tried again.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return judged(error.recipients[0]) if error.recipients else Fate.LATER
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return Fate.NEVER  # an address beyond ASCII, and a server that takes none (RFC 6531)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        return Fate.NEVER if 500 <= error.code < 600 else Fate.LATER
    return Fate.LATER


def _said(error: BaseException) -> str:
    """A failure in one line; a refusal of several recipients is the first one's."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return " ".join(f"{error.code} {error.message}".split())[:300]
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


async def _good_bye(smtp: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        if smtp.is_connected:
            await smtp.quit(timeout=5)
    smtp.close()


async def _either(*events: asyncio.Event, seconds: float) -> None:
    """Wait for one of the events, not longer than so many seconds."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
