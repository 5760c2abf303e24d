"""What an operator can set: environment variables ``SHUQIAO_*`` over one TOML file, checked before anything starts."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

ENVIRONMENTS = ("production", "demo", "test")


class SettingsError(Exception):
    """Settings are unknown, malformed or contradict each other; ``problems`` names each with what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
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
    problems: list[str] = []
    values: dict[str, Any] = {}
    known = {field.name for field in fields(Settings)}
    hints = get_type_hints(Settings)
    if path := environ.get("SHUQIAO_CONFIG"):
        values.update(_from_file(Path(path), known, problems))
    for name, text in environ.items():
        if name.startswith("SHUQIAO_") and name not in ("SHUQIAO_CONFIG", "SHUQIAO_NO_SKIP"):
            key = name.removeprefix("SHUQIAO_").lower()
            if key in known:
                values[key] = text
            else:
                problems.append(f"{name}: no such setting; `shuqiao doctor --settings` lists them all")
    typed = {key: _typed(key, value, hints[key], problems) for key, value in values.items()}
    if problems:
        raise SettingsError(problems)
    settings = Settings(**typed)
    if contradictions := _contradictions(settings):
        raise SettingsError(contradictions)
    return settings


def _from_file(path: Path, known: set[str], problems: list[str]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"SHUQIAO_CONFIG: cannot read {path}: {error.strerror}")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path}: not valid TOML: {error}")
        return {}
    problems += [f"{path}: {key}: no such setting" for key in table if key not in known]
    return {key: value for key, value in table.items() if key in known}


def _typed(key: str, value: Any, kind: Any, problems: list[str]) -> Any:
    kind = get_args(kind)[0] if get_args(kind) else kind
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "true", "yes", "on"):
            return True
        if str(value).lower() in ("0", "false", "no", "off"):
            return False
        problems.append(f"{key}: must be true or false, not {value!r}")
    elif kind is int:
        try:
            return int(str(value))
        except ValueError:
            problems.append(f"{key}: must be a whole number, not {value!r}")
    elif not isinstance(value, str):
        problems.append(f"{key}: must be text in quotes, not {value!r}")
    return value


def _contradictions(s: Settings) -> list[str]:
    said: list[tuple[bool, str]] = [
        (s.environment not in ENVIRONMENTS, f"environment: must be one of {', '.join(ENVIRONMENTS)}"),
        (
            not s.database_url.startswith(("sqlite://", "postgresql://")),
            "database_url: must begin with sqlite:// or postgresql://",
        ),
        (
            bool(s.redis_url) and not s.redis_url.startswith(("redis://", "rediss://", "unix://")),
            "redis_url: must begin with redis://, rediss:// or unix://",
        ),
        (
            not s.public_url.startswith(("http://", "https://")),
            "public_url: must begin with http:// or https://",
        ),
        (
            s.environment == "production" and len(s.secret_key) < 32,
            "secret_key: production needs at least 32 characters; make one with `shuqiao doctor --new-secret`",
        ),
        (
            bool(s.test_clock_file) and s.environment != "test",
            "test_clock_file: only allowed with environment = test; a real desk keeps real time",
        ),
        (bool(s.smtp_user) != bool(s.smtp_password), "smtp_user and smtp_password: give both or neither"),
        (bool(s.smtp_user) and not s.smtp_host, "smtp_user: given without smtp_host"),
        (
            bool(s.smtp_host) and not s.mail_from,
            "mail_from: needed with smtp_host, the address mails come from",
        ),
        (s.smtp_tls not in ("starttls", "tls", "none"), "smtp_tls: must be starttls, tls or none"),
        (s.language not in ("zh", "en"), "language: must be zh or en"),
        (s.log_format not in ("json", "text"), "log_format: must be json or text"),
        (
            s.log_level not in ("debug", "info", "warning", "error"),
            "log_level: must be debug, info, warning or error",
        ),
        (not 0 <= s.port <= 65535, "port: must lie between 0 and 65535"),
        (
            s.courier not in ("own", "simulator"),
            "courier: must be own (our people carry the parcels) or simulator",
        ),
        (
            s.courier == "simulator" and s.environment == "production",
            "courier: the simulator carries nothing; production needs another, or own",
        ),
        (s.courier_minutes < 1, "courier_minutes: must be at least 1"),
        (s.stack_event_days < 1, "stack_event_days: must be at least 1"),
        (s.upload_limit < 1024, "upload_limit: must be at least 1024 bytes"),
        (s.answer_upload_limit < 1024, "answer_upload_limit: must be at least 1024 bytes"),
        (
            bool(s.probe_allow) and s.environment != "test",
            "probe_allow: only allowed with environment = test; links may never lead into our own network",
        ),
    ]
    return [text for wrong, text in said if wrong]
