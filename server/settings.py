"""What an operator can set: environment variables ``SHUQIAO_*`` over one TOML file, checked before anything starts."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_CHOICES = {
    "environment": ("production", "demo", "test"),
    "language": ("zh", "en"),
    "smtp_tls": ("starttls", "tls", "none"),
    "courier": ("own", "simulator"),
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("json", "text"),
}
_BEGINNINGS = {
    "database_url": ("sqlite://", "postgresql://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
    "public_url": ("http://", "https://"),
}
_FORMS = {
    "database_url": "postgresql://USER:PASSWORD@HOST:5432/NAME, sqlite://PATH",
    "redis_url": "redis://:PASSWORD@HOST:6379/0",
    "public_url": "https://ask.example.org",
    "mail_from": "desk@example.org, Desk <desk@example.org>",
    "trusted_proxies": "127.0.0.1, 10.0.0.0/24",
}
_WITH_PASSWORD = ("database_url", "redis_url")
_HOST = re.compile(r"(?:\[[^\]\s]*\]|[^\s:\[\]]*)(?::[0-9]{1,5})?")
_GIB = 1024**3
_RANGES = {  # least and most: what is beyond starts well and fails at the first person
    "argon2_time_cost": (1, 100),
    "argon2_memory_kib": (64, 4 * 1024**2),
    "upload_limit": (1024, 100 * _GIB),
    "answer_upload_limit": (1024, 100 * _GIB),
    "courier_minutes": (1, 100_000),
    "stack_event_days": (1, 36_500),
    "messages_per_minute": (1, 10**9),
    "sessions_per_address": (1, 10**9),
}
_NEEDED = ("files_dir", "host")
_PORTS = ("port", "smtp_port")
_SECRET_CHARACTERS = 32
_SWITCH = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a setting; the words are ``setting_problem.<code>``, filled with its name and ``data``."""

    code: str
    name: str
    data: Mapping[str, object] = field(default_factory=dict)


class SettingsError(Exception):
    """Settings are unknown, malformed or contradict each other; ``problems`` names each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.name}: {problem.code}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The installation's settings, read once at start. Durations in seconds, sizes in bytes."""

    environment: str = "production"
    database_url: str = "sqlite://shuqiao.db"
    redis_url: str = ""
    redis_prefix: str = "shuqiao"
    public_url: str = "http://127.0.0.1:8080"
    host: str = "127.0.0.1"
    port: int = 8080
    trusted_proxies: str = "127.0.0.1"
    secret_key: str = ""
    secret_key_previous: str = ""
    files_dir: str = "files"
    label_font: str = ""
    zone: str = "Asia/Shanghai"
    language: str = "zh"
    embedded_worker: bool = True
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_tls: str = "starttls"
    mail_from: str = ""
    argon2_time_cost: int = 3
    argon2_memory_kib: int = 65536
    upload_limit: int = 20 * 1024 * 1024
    answer_upload_limit: int = 200 * 1024 * 1024
    clamd_socket: str = ""
    probe_links: bool = True
    probe_allow: str = ""
    courier: str = "own"
    courier_secret: str = ""
    courier_seed: str = ""
    courier_minutes: int = 30
    stack_event_days: int = 180
    messages_per_minute: int = 90
    sessions_per_address: int = 2000
    log_level: str = "info"
    log_format: str = "json"
    metrics_token: str = ""
    test_clock_file: str = ""

    @property
    def origin(self) -> str:
        """Our own web origin (RFC 6454), as browsers write it in ``Origin``."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secure(self) -> bool:
        """Whether readers reach us over HTTPS; cookies are then marked ``Secure``."""
        return self.public_url.startswith("https://")


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of this process.

    ``SHUQIAO_CONFIG`` names the TOML file (optional); each setting ``x`` may be overridden by ``SHUQIAO_X``.
    Raises SettingsError that names every unknown, malformed or contradictory setting at once.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    hints = get_type_hints(Settings)
    if path := environ.get("SHUQIAO_CONFIG"):
        values.update(_from_file(Path(path)))
        problems += [Problem("unknown", f"{path}: {key}") for key in values if key not in hints]
    for name, text in environ.items():
        if name.startswith("SHUQIAO_") and name not in ("SHUQIAO_CONFIG", "SHUQIAO_NO_SKIP"):
            key = name.removeprefix("SHUQIAO_").lower()
            if key in hints:
                values[key] = text
            else:
                problems.append(Problem("unknown", name))
    typed: dict[str, Any] = {}
    for key in values.keys() & hints.keys():
        try:
            typed[key] = _typed(values[key], hints[key])
        except (KeyError, ValueError):
            problems.append(Problem(hints[key].__name__, key, {"value": repr(values[key])}))
    settings = Settings(**typed)
    problems += _out_of_place(settings) + _contradictions(settings)
    if problems:
        raise SettingsError(sorted(problems, key=lambda problem: problem.name))
    return settings


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = Problem("file_away", "SHUQIAO_CONFIG", {"path": path, "reason": error})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = Problem("file_unreadable", str(path), {"reason": error})
    raise SettingsError([problem])  # without the file nothing can be said of the rest


def _typed(value: Any, kind: type) -> Any:
    """The value as its setting has it. Raises KeyError or ValueError where it is none."""
    if kind is str:
        if not isinstance(value, str):
            raise ValueError
        return value
    return _SWITCH[str(value).lower()] if kind is bool else int(str(value))


def _out_of_place(s: Settings) -> list[Problem]:
    """What each setting alone may not be."""
    said = [
        Problem("one_of", name, {"choices": ", ".join(choices), "value": repr(getattr(s, name))})
        for name, choices in _CHOICES.items()
        if getattr(s, name) not in choices
    ]
    said += [
        Problem("beginning", name, {"choices": ", ".join(choices)})
        for name, choices in _BEGINNINGS.items()
        if not getattr(s, name).startswith(choices) and (getattr(s, name) or name != "redis_url")
    ]
    said += [
        Problem("form_secret" if name in _WITH_PASSWORD else "form", name, {"example": _FORMS[name]})
        for name in _misshapen(s)
    ]
    for name, (least, most) in _RANGES.items():
        value = getattr(s, name)
        if value < least:
            said.append(Problem("least", name, {"least": least, "value": value}))
        elif value > most:
            said.append(Problem("most", name, {"most": most, "value": value}))
    said += [Problem("needed", name) for name in _NEEDED if not getattr(s, name).strip()]
    said += [Problem("port", name) for name in _PORTS if not 0 <= getattr(s, name) <= 65535]
    try:
        ZoneInfo(s.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        said.append(Problem("zone", "zone", {"value": repr(s.zone)}))
    return said


def _misshapen(s: Settings) -> list[str]:
    """Addresses that begin rightly and lead nowhere. What they hold is not repeated: it may be a password."""
    right = {
        "public_url": _leads(s.public_url) and s.public_url.strip("/") == s.origin and "@" not in s.origin,
        "database_url": _is_database(s.database_url),
        "redis_url": s.redis_url.startswith("unix:") or _leads(s.redis_url),
        "mail_from": not s.mail_from or _is_sender(s.mail_from),
        "trusted_proxies": not s.trusted_proxies or all(map(_is_network, s.trusted_proxies.split(","))),
    }
    begun = [name for name in right if getattr(s, name).startswith(_BEGINNINGS.get(name, ""))]
    return [name for name in begun if not right[name]]


def _is_database(address: str) -> bool:
    path = address.removeprefix("sqlite://")
    return bool(path) if path != address else _leads(address)


def _leads(address: str) -> bool:
    """Whether the address can be taken apart, and the ports of its hosts are some (PostgreSQL may name several)."""
    try:
        hosts = urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return False
    return all(map(_HOST.fullmatch, hosts.split(",")))


def _is_sender(text: str) -> bool:
    """Whether mail servers take it for an address: something, @, and a domain."""
    try:
        return bool(Address(addr_spec=parseaddr(text)[1]).domain)
    except (ValueError, IndexError, HeaderParseError):
        return False


def _is_network(text: str) -> bool:
    """Whether it is an address or a network (``*`` is every one); a host's name would never be recognised."""
    try:
        return text.strip() == "*" or bool(ip_network(text.strip()))
    except ValueError:
        return False


def _contradictions(s: Settings) -> list[Problem]:
    """What may not be together."""
    real, test = s.environment == "production", s.environment == "test"
    said = [
        (real and len(s.secret_key) < _SECRET_CHARACTERS, Problem("secret_short", "secret_key")),
        (bool(s.test_clock_file) and not test, Problem("clock_of_tests", "test_clock_file")),
        (bool(s.probe_allow) and not test, Problem("probes_of_tests", "probe_allow")),
        (bool(s.smtp_user) != bool(s.smtp_password), Problem("both_or_neither", "smtp_user, smtp_password")),
        (bool(s.smtp_user) and not s.smtp_host, Problem("without_host", "smtp_user")),
        (bool(s.smtp_host) and not s.mail_from, Problem("sender_missing", "mail_from")),
        (s.courier == "simulator" and real, Problem("courier_simulated", "courier")),
    ]
    return [problem for wrong, problem in said if wrong]
