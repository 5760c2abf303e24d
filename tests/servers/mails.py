"""A real SMTP server that keeps what it gets, and fails as real ones do when told to."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import Enum
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import machine


class Failure(Enum):
    """How a mail server says no."""

    LATER = "451 4.3.0 Try again later"  # a good client tries again
    NEVER = "550 5.1.1 No such mailbox"  # a good client gives up and says so
    DROP = "drop"  # the line is cut after the text, before the answer: nobody knows whether it was taken


@dataclass(frozen=True)
class Mail:
    """One mail as it was handed over."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    peer: Any  # who handed it over: one connection, one peer

    @property
    def text(self) -> str:
        """What the person reads: the plain part."""
        part = self.message.get_body(("plain",))
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


class MailServer:
    """Collects mails; runs on a thread of its own, so that tests which block do not stop it."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = machine.free_port()
        self.mails: list[Mail] = []
        self._failures: list[Failure] = []
        self._changed = threading.Condition()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Begin to listen, on the same port each time."""
        if self._controller is None:
            controller = Controller(
                self,
                hostname=self.host,
                port=self.port,
                ready_timeout=machine.STARTING,
                enable_SMTPUTF8=True,
            )
            controller.start()
            self._controller = controller

    def stop(self) -> None:
        """Stop listening: senders are refused until the next start."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def clear(self) -> None:
        """Forget mails and failures, and listen again if stopped."""
        with self._changed:
            self.mails.clear()
            self._failures.clear()
        self.start()

    def fail(self, how: Failure, *, times: int = 1) -> None:
        """Let the next mails fail."""
        with self._changed:
            self._failures.extend([how] * times)

    async def wait_for(self, wanted: Callable[[Mail], bool], *, seconds: float = 60) -> Mail:
        """The first mail that is wanted, waiting for it to come. Raises TimeoutError."""
        return await asyncio.to_thread(self._wait_for, wanted, seconds)

    def _wait_for(self, wanted: Callable[[Mail], bool], seconds: float) -> Mail:
        def found() -> Mail | None:
            return next(filter(wanted, self.mails), None)

        with self._changed:
            if mail := self._changed.wait_for(found, seconds):
                return mail
        subjects = [mail.message["Subject"] for mail in self.mails]
        raise TimeoutError(f"no such mail in {seconds} s; there are {subjects}")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        with self._changed:
            failure = self._failures.pop(0) if self._failures else None
            if failure is None:
                message = message_from_bytes(envelope.original_content, policy=policy.default)
                assert isinstance(message, EmailMessage)
                self.mails.append(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), message, session.peer))
                self._changed.notify_all()
                return "250 OK"
        if failure is Failure.DROP:
            server.transport.abort()
        return failure.value
