"""`shuqiao demo`: a lively alliance of made-up people in one process, to try everything with."""

import argparse
import asyncio
import contextlib
import secrets
import socket
from pathlib import Path

from server.commands.parsers import Parser
from server.commands.processes import listen
from server.commands.serve import serve
from server.commands.terminal import MISUSED, Failure, language_of, reason_of, table
from server.context import make_context
from server.demo.seeding import PASSWORD, log_ins, seed
from server.domain.arguments import port_number
from server.settings import Settings
from server.words.catalogue import text

DEFAULT_PORT = 8080
_MARK = ".shuqiao-demo"  # only a folder with this file in it is ever emptied
_OURS = ("shuqiao.sqlite3", "shuqiao.sqlite3-wal", "shuqiao.sqlite3-shm", "secret")


def add_parser(program: Parser) -> None:
    """Teach the program `demo`."""
    parser = program.add_command("demo", run)
    parser.add_argument("--data", metavar="DIR", type=Path, default=Path("demo-data"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=port_number, help=parser.told("port", usual=DEFAULT_PORT))
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--seed-only", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Make, fill, start."""
    folder = _folder(args.data, fresh=args.fresh)
    listener = _listener(args.host, args.port)
    port = listener.getsockname()[1]
    moved = args.port is None and port != DEFAULT_PORT
    settings = demo_settings(folder, host=args.host, port=port)
    asyncio.run(_make(settings))
    if args.seed_only:
        listener.close()
        return 0
    return serve(settings, listener=listener, on_ready=lambda: _welcome(settings, moved=moved))


def demo_settings(folder: Path, *, host: str, port: int) -> Settings:
    """Settings of the demo; none come from outside."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return Settings(
        environment="demo",
        database_url=f"sqlite://{folder / 'shuqiao.sqlite3'}",
        files_dir=str(folder / "files"),
        public_url=f"http://{f'[{shown}]' if ':' in shown else shown}:{port}",
        host=host,
        port=port,
        secret_key=_secret(folder),
        argon2_time_cost=2,
        argon2_memory_kib=19456,  # OWASP's least: a demo shares its two cores with the person trying it
        courier="simulator",
        log_level="error",
        log_format="text",
    )


def _folder(folder: Path, *, fresh: bool) -> Path:
    """The demo's folder, emptied of what is ours if asked for. Raises Failure for somebody else's folder."""
    folder = folder.absolute()
    mark = folder / _MARK
    try:
        if folder.exists() and not mark.exists() and any(folder.iterdir()):
            said = (text(key, language_of(), path=folder) for key in ("demo.not_ours", "demo.not_ours_next"))
            raise Failure(*said, status=MISUSED)
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
        if fresh:
            _empty(folder)
    except OSError as error:
        raise Failure(
            text("command.files_away", language_of(), path=folder, reason=reason_of(error, language_of())),
            text("demo.not_ours_next", language_of()),
        ) from error
    return folder


def _empty(folder: Path) -> None:
    for name in _OURS:
        (folder / name).unlink(missing_ok=True)
    for copy in folder.glob("shuqiao.sqlite3.before-*"):
        copy.unlink()
    for path in sorted((folder / "files").rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


def _secret(folder: Path) -> str:
    """The demo's secret, kept so that log-ins survive a restart."""
    path = folder / "secret"
    with contextlib.suppress(FileNotFoundError):
        if kept := path.read_text(encoding="ascii").strip():
            return kept
    secret = secrets.token_urlsafe(48)
    path.touch(mode=0o600)
    path.write_text(secret, encoding="ascii")
    return secret


def _listener(host: str, port: int | None) -> socket.socket:
    """The port asked for; without one the usual port, or a free one where that is taken."""
    if port is not None:
        return listen(host, port, language_of())
    try:
        return listen(host, DEFAULT_PORT, language_of())
    except Failure:
        return listen(host, 0, language_of())


async def _make(settings: Settings) -> None:
    from server.store.migrating import migrate  # here, as in commands/migrate.py

    await migrate(settings.database_url)
    ctx = make_context(settings)
    await ctx.db.open()
    try:
        await seed(ctx)
    finally:
        await ctx.db.close()


def _welcome(settings: Settings, *, moved: bool) -> None:
    """Where to go and as whom, in both languages."""
    url = settings.public_url
    addresses = [
        ("门户  Portal", f"{url}/", ""),
        ("读者  Reader", f"{url}/d/szlib", "深圳图书馆咨询台  a desk's own page"),
        ("嵌入  Widget", f"{url}/sample?desk=szlib", "成员馆网页上的咨询挂件  on a library's own page"),
        (
            "文献  Request",
            f"{url}/d/szlib/request",
            "申请文献（先登录）  ask for a document, after logging in",
        ),
        ("检索  Search", f"{url}/search", "联盟书目检索  the alliance's records"),
        (
            "网借  Loans",
            f"{url}/loans",
            "网上借书：四个页面、一个检索框  borrow: four pages and one search box",
        ),
        ("馆员  Librarian", f"{url}/console", "工作台（先登录）  the console, after logging in"),
        ("任务  Pool", f"{url}/console/pool", "任务池  requests and questions under the 72-hour rules"),
        ("质检  Inspector", f"{url}/console/inspection", "咨询质检  spot checks"),
        ("书库  Store", f"{url}/console/store", "拣书、打包、收还书  pick, pack, receive"),
        ("立库  Stack", f"{url}/console/stack", "智能立体书库实况  the smart stack, live"),
        ("客服  Support", f"{url}/console/cases", "投诉与咨询  complaints and questions on orders"),
        ("管理  Manager", f"{url}/manage/board", "实时看板与设置  live board and settings"),
        ("邮件  Mail", f"{url}/demo/mails", "本该寄出的邮件  what would have been mailed"),
    ]
    people = [
        (
            login.mail,
            login.name,
            *(text(f"role.{login.role}", code) for code in ("zh", "en")),
            login.library_zh,
        )
        for login in log_ins()
    ]
    lines = [
        "",
        "  书桥演示联盟已就绪。  The demo alliance of Shuqiao is ready.",
        "",
        *table(addresses),
        "",
        f"  所有账户的密码  The password of every account:  {PASSWORD}",
        "",
        *table(people),
        "",
    ]
    if moved:
        lines.append(f"  {DEFAULT_PORT} 端口已被占用，改用 {settings.port}。  Port {DEFAULT_PORT} was taken.")
    lines.append("  按 Ctrl-C 停止；--fresh 重新开始。  Ctrl-C stops it; --fresh begins anew.")
    print(*lines, "", sep="\n", flush=True)
