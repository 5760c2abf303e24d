"""A mail of the outbox as a message of the Internet: headers that nobody can smuggle into, text and HTML."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit

from server.settings import Settings
from server.store.mails import Mail
from server.words.catalogue import known_language, text
from server.words.letters import letter

# Mails to a desk are answered by pressing "reply": the answer goes to the reader.
_ANSWERED_TO_READER = frozenset({"form_question_desk", "phone_desk"})
_TAGS = {"zh": "zh-CN", "en": "en"}


def message_of(mail: Mail, settings: Settings) -> EmailMessage:
    """The mail as it goes to the server. Raises ValueError for what cannot stand in a header.

    Date and Message-ID are the row's, so that every attempt sends the very same message.
    """
    words = letter(mail.template, mail.language, mail.data)
    message = EmailMessage(policy=SMTP if mail.recipient.isascii() else SMTPUTF8)
    name = parseaddr(settings.mail_from)[0] or text("mails.from_name", mail.language)
    message["From"] = Address(display_name=name, addr_spec=mail_from(settings))
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = words.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # keeps out-of-office answers away (RFC 3834)
    message["Content-Language"] = _TAGS[known_language(mail.language)]
    if mail.template in _ANSWERED_TO_READER and mail.data.get("mail"):
        message["Reply-To"] = Address(addr_spec=str(mail.data["mail"]))
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    return message


def mail_from(settings: Settings) -> str:
    """The bare address that mails come from; the setting may carry a name before it."""
    return parseaddr(settings.mail_from)[1]


def local_name(settings: Settings) -> str:
    """How we greet the mail server: our public host, an address in brackets (RFC 5321, 4.1.3)."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    try:
        version = ip_address(host).version
    except ValueError:
        return host
    return f"[{host}]" if version == 4 else f"[IPv6:{host}]"
