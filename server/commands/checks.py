"""The doctor's examinations, one for each thing that the product needs. None changes anything."""

import errno
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiosmtplib

from server.actions.calendar import read_calendar
from server.actions.health import read_figures
from server.commands.findings import Finding, Level, ill, useless, well
from server.commands.processes import away_lines
from server.commands.terminal import reason_of
from server.context import Context
from server.domain.calendar import years_to_mend
from server.live.redis_bus import channel_of, nothing_to_tell
from server.live.redis_facts import RedisAway, look_at_redis
from server.outside.clamd import ScannerAway, ping
from server.outside.front import Blocked, knock
from server.settings import Settings
from server.store.accounts import count_administrators
from server.store.checking import DatabaseAway, DatabaseFacts, look_at, try_writing
from server.store.mails import Mail
from server.store.readings import latest_content_hashes
from server.words.catalogue import text
from server.words.fonts import print_font
from workers.envelopes import local_name, mail_from, message_of

DRIFT_WARN, DRIFT_FAIL = 1.0, 5.0  # seconds between our clock and the database's
LATE = timedelta(minutes=1)  # a due row older than this has been forgotten by everybody
MAIL_LATE = timedelta(minutes=10)
LEAST_VARIETY = 10  # different characters of a secret
LEAST_SPACE = 1 << 30
MAIL_SECONDS = 15.0
_MEND_FILES = {errno.ENOSPC: "files_full", errno.EDQUOT: "files_full", errno.EROFS: "files_read_only"}


def check_settings(settings: Settings, language: str) -> list[Finding]:
    """What is allowed by each setting alone but unwise together."""
    source = os.environ.get("SHUQIAO_CONFIG") or "SHUQIAO_…"
    found = [well("settings", "settings", language, environment=settings.environment, source=source)]
    local = urlsplit(settings.public_url).hostname in ("127.0.0.1", "localhost", "::1")
    if settings.environment == "production" and not settings.secure and not local:
        found.append(ill(Level.WARN, "settings", "not_https", language, url=settings.public_url))
    elif settings.environment == "production" and local:
        found.append(ill(Level.WARN, "settings", "only_local", language, url=settings.public_url))
    if settings.redis_url and settings.database_url.startswith("sqlite"):
        found.append(ill(Level.WARN, "settings", "redis_with_sqlite", language))
    return found


def check_secret(settings: Settings, language: str) -> Finding:
    """Whether the secret that signs tokens could be guessed."""
    secret = settings.secret_key
    if not secret:
        return ill(Level.WARN, "secret", "secret_missing", language)
    if len(secret) < 32 or len(set(secret)) < LEAST_VARIETY:
        return ill(Level.FAIL, "secret", "secret_weak", language)
    if secret == settings.secret_key_previous:
        return ill(Level.WARN, "secret", "secret_same", language)
    return well("secret", "secret", language, length=len(secret))


async def check_database(settings: Settings, language: str) -> tuple[list[Finding], DatabaseFacts | None]:
    """Database, durability and schema; with what the database said of itself, if it did."""
    try:
        facts = await look_at(settings.database_url)
    except DatabaseAway as away:
        return [Finding(Level.FAIL, "database", *away_lines(away, language))], None
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[facts.dialect]
    found = [well("database", "database", language, name=name, version=facts.version)]
    if not facts.recent:
        found = [ill(Level.FAIL, "database", "database_old", language, name=name, version=facts.version)]
    if facts.durable:
        found.append(well("durable", "durable", language, settings=facts.settings))
    else:
        found.append(ill(Level.FAIL, "durable", "not_durable", language, settings=facts.settings))
    try:
        await try_writing(settings.database_url)
    except DatabaseAway as away:
        found.append(Finding(Level.FAIL, "database", *away_lines(away, language)))
    return [*found, _schema(facts, language)], facts


def _schema(facts: DatabaseFacts, language: str) -> Finding:
    if facts.missing:
        return ill(Level.FAIL, "schema", "schema_behind", language, names=", ".join(facts.missing))
    if facts.unknown:
        return ill(Level.FAIL, "schema", "schema_ahead", language, names=", ".join(facts.unknown))
    return well("schema", "schema", language)


async def check_redis(settings: Settings, language: str) -> tuple[Finding, float | None]:
    """The bus between processes; with the drift of Redis's clock, if there is one."""
    if not settings.redis_url:
        if settings.database_url.startswith("postgresql"):
            return ill(Level.WARN, "redis", "no_redis", language), None
        return well("redis", "bus_inside", language), None
    try:
        facts = await look_at_redis(settings.redis_url, channel_of(settings.redis_prefix), nothing_to_tell())
    except RedisAway as away:
        return useless("redis", away, language), None
    return well("redis", "redis", language, version=facts.version), facts.drift


def check_clock(drifts: list[float | None], language: str) -> Finding:
    """Whether this machine agrees with the others; deadlines are written by the one and judged by the other."""
    known = [abs(drift) for drift in drifts if drift is not None]
    if not known:
        return well("clock", "clock_alone", language)
    drift = max(known)
    if drift < DRIFT_WARN:
        return well("clock", "clock", language, milliseconds=round(drift * 1000))
    level = Level.WARN if drift < DRIFT_FAIL else Level.FAIL
    return ill(level, "clock", "clock_drift", language, seconds=f"{drift:.1f}")


def check_files(settings: Settings, language: str) -> list[Finding]:
    """Whether files can be kept, and whether there is room for them."""
    folder = Path(settings.files_dir).absolute()
    try:
        if folder.exists():
            probe = folder / f".probe-{os.getpid()}"
            probe.write_bytes(b"shuqiao")
            probe.unlink()
        there = next(place for place in (folder, *folder.parents) if place.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        free = shutil.disk_usage(there).free
    except OSError as error:
        said = text("doctor.files_away", language, path=folder, reason=reason_of(error, language))
        todo = text(f"doctor.{_MEND_FILES.get(error.errno or 0, 'files_away')}_next", language)
        return [Finding(Level.FAIL, "files", said, todo)]
    found = [well("files", "files", language, path=folder)]
    if free < LEAST_SPACE:
        found.append(ill(Level.WARN, "files", "space", language, path=folder, megabytes=free >> 20))
    return found + _space_beside(settings, there, language)


def _space_beside(settings: Settings, there: Path, language: str) -> list[Finding]:
    """The room on an SQLite file's disk, where that is another than the files'."""
    if not settings.database_url.startswith("sqlite://"):
        return []
    folder = Path(settings.database_url.removeprefix("sqlite://")).absolute().parent
    if not folder.is_dir() or folder.stat().st_dev == there.stat().st_dev:
        return []
    free = shutil.disk_usage(folder).free
    if free >= LEAST_SPACE:
        return []
    return [ill(Level.WARN, "database", "space", language, path=folder, megabytes=free >> 20)]


def check_label_font(settings: Settings, language: str) -> Finding:
    """Whether labels and lists embed a font with Chinese (R-LOAN.6)."""
    font = print_font(settings.label_font)
    if font.problem:
        key = f"label_font_{font.problem}"
        return ill(Level.WARN, "labels", key, language, path=settings.label_font)
    return well("labels", "label_font", language, path=font.path)


async def check_scanner(settings: Settings, language: str) -> Finding:
    """Whether the virus scanner answers, where one is named."""
    if not settings.clamd_socket:
        return well("scanner", "no_scanner", language)
    try:
        version = await ping(settings.clamd_socket)
    except ScannerAway as away:
        return useless("scanner", away, language, socket=settings.clamd_socket)
    return well("scanner", "scanner", language, version=version)


async def check_shared_files(ctx: Context, language: str) -> AsyncIterator[Finding]:
    """Whether what other processes kept is seen from here: the newest files of the database must lie there."""
    latest = await latest_content_hashes(ctx.db.read, 20)
    lost = [content_hash for content_hash in latest if not await _kept(ctx, content_hash)]
    if lost:
        folder = ctx.settings.files_dir
        yield ill(Level.FAIL, "files", "files_lost", language, lost=len(lost), of=len(latest), path=folder)
    elif latest:
        yield well("files", "files_seen", language, of=len(latest))


async def _kept(ctx: Context, content_hash: str) -> bool:
    try:
        async for _ in ctx.files.open(content_hash):
            break
    except OSError:
        return False
    return True


async def check_work(ctx: Context, language: str) -> AsyncIterator[Finding]:
    """Whether somebody does what falls due and sends mail, and whether somebody can administer."""
    reading, now = await read_figures(ctx), ctx.clock.now()
    if reading is None:
        return
    if reading.oldest_due_at and now - reading.oldest_due_at > LATE:
        minutes = int((now - reading.oldest_due_at).total_seconds() // 60)
        yield ill(Level.FAIL, "work", "dues_late", language, count=reading.dues_late, minutes=minutes)
    elif reading.processes:
        yield well("work", "work", language, processes=reading.processes, staff=reading.staff_present)
    else:
        yield well("work", "nobody_runs", language)
    if reading.oldest_mail_at and now - reading.oldest_mail_at > MAIL_LATE:
        yield ill(Level.WARN, "work", "mails_late", language, count=reading.mails.get("waiting", 0))
    if not await count_administrators(ctx.db.read):
        yield ill(Level.WARN, "people", "no_administrator", language)


async def check_address(ctx: Context, language: str) -> AsyncIterator[Finding]:
    """Whether readers' browsers get to us at our public address, sockets too; nothing while no server runs.

    No FAIL but where a proxy says itself that it has no server: this machine may merely lack a way to its own front.
    """
    reading, url = await read_figures(ctx), ctx.settings.public_url
    if reading is None or not reading.processes:
        return
    try:
        await knock(url)
    except Blocked as blocked:
        level = Level.FAIL if blocked.empty else Level.WARN
        key = "address_empty" if blocked.empty else "address_blocked"
        yield ill(level, "address", key, language, url=url, status=blocked.status or "—")
    except (OSError, ValueError) as error:
        yield replace(useless("address", error, language, url=url), level=Level.WARN)
    else:
        yield well("address", "address", language, url=url)


async def check_calendar(ctx: Context, language: str) -> AsyncIterator[Finding]:
    """Whether the loan clocks know the holidays of this year, and from October those of the next (R-LOAN.4)."""
    now = ctx.clock.now()
    calendar = await read_calendar(ctx.db.read, now)
    to_mend = years_to_mend(calendar, now.astimezone(ZoneInfo(ctx.settings.zone)).date())
    for year, entered in to_mend:
        key = "calendar_provisional" if entered else "calendar_missing"
        yield ill(Level.WARN, "calendar", key, language, year=year)
    if not to_mend:
        yield well("calendar", "calendar", language, year=max(calendar.years))


async def check_mail(settings: Settings, language: str, *, mail_to: str, now: datetime) -> Finding:
    """Connect to the mail server and greet it; send a test mail only where an address is given."""
    if not settings.smtp_host:
        return ill(Level.WARN, "mail", "no_mail", language)
    smtp = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_user or None,
        password=settings.smtp_password or None,
        use_tls=settings.smtp_tls == "tls",
        start_tls=settings.smtp_tls == "starttls",
        local_hostname=local_name(settings),
        timeout=MAIL_SECONDS,
    )
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        await smtp.connect()
        await smtp.ehlo()
        if mail_to:
            mail = _test_mail(settings, mail_to, language, now)
            await smtp.send_message(
                message_of(mail, settings), sender=mail_from(settings), recipients=[mail_to]
            )
        await smtp.quit()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        smtp.close()
        return useless("mail", error, language, server=server)
    return well("mail", "mail_sent" if mail_to else "mail", language, server=server, to=mail_to)


def _test_mail(settings: Settings, mail_to: str, language: str, now: datetime) -> Mail:
    number = f"doctor-{now:%Y%m%d%H%M%S}"
    domain = mail_from(settings).rpartition("@")[2]
    return Mail(number, number, f"<{number}@{domain}>", mail_to, language, "test", {}, now, now)
