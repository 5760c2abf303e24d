"""Readers imported by their library from a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.actions.access import audit
from server.actions.links import issue_link, mail_link
from server.context import Context
from server.domain.accounts import Account, AccountState
from server.domain.desks import Library
from server.domain.errors import NotFound
from server.domain.logins import LIFE, Purpose
from server.domain.permissions import Actor, Thing, Verb, demand
from server.domain.reader_lists import LineProblem, ListedReader, read_list
from server.store.accounts import accounts_by_mails, insert_account, set_membership
from server.store.libraries import library_by_id
from server.store.rows import Transaction

BATCH = 100


@dataclass(frozen=True, slots=True)
class ReaderImport:
    """What became of a list: new accounts, readers who had one already, and problems by line."""

    lines: int
    created: int
    known: int
    problems: tuple[LineProblem, ...]
    imported: bool  # False: nothing was changed, because of the problems
    left_out: tuple[str, ...]  # columns that were not understood


async def import_readers(
    ctx: Context,
    actor: Actor,
    library_id: str,
    text: str,
    *,
    good_only: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ReaderImport:
    """Make readers of everybody on the list and mail each a link to choose a password.

    A list with problems changes nothing, unless the good lines are asked for. An address with an account keeps it
    (R-ORG.2), and joins the library when it belongs to none; so the same list may be imported again after a failure.
    Raises NotAllowed outside one's own libraries, NotFound, Invalid for a list that cannot be read at all.
    """
    demand(actor, Verb.IMPORT_READERS, Thing(library_id=library_id))
    library = await library_by_id(ctx.db.read, library_id)
    if library is None:
        raise NotFound("library_not_found")
    listed = read_list(text)
    bad_lines = {problem.line for problem in listed.problems}
    lines = len(listed.readers) + len(bad_lines)
    if listed.problems and not good_only:
        return ReaderImport(lines, 0, 0, listed.problems, imported=False, left_out=listed.left_out)
    created = 0
    for start in range(0, len(listed.readers), BATCH):
        batch = listed.readers[start : start + BATCH]
        async with ctx.transaction() as tx:
            created += await _import_batch(ctx, tx, library, batch)
        progress(start + len(batch), len(listed.readers))
    async with ctx.transaction() as tx:
        await audit(ctx, tx, actor, "reader.import", f"library:{library_id}", detail=f"{created}/{lines}")
    known = len(listed.readers) - created
    return ReaderImport(lines, created, known, listed.problems, imported=True, left_out=listed.left_out)


async def _import_batch(
    ctx: Context, tx: Transaction, library: Library, batch: Sequence[ListedReader]
) -> int:
    known = await accounts_by_mails(tx, [reader.mail for reader in batch])
    created = 0
    for reader in batch:
        if account := known.get(reader.mail):
            await set_membership(tx, account.id, library_id=library.id, card_number=reader.card_number)
        elif await _import_one(ctx, tx, library, reader):
            created += 1
    return created


async def _import_one(ctx: Context, tx: Transaction, library: Library, reader: ListedReader) -> bool:
    account = Account(
        id=ctx.ids.new(),
        mail=reader.mail,
        name=reader.name,
        password_hash="",
        library_id=library.id,
        language=reader.language,
        card_number=reader.card_number,
        state=AccountState.PENDING,
        verified_at=None,
        large_type=False,
        created_at=ctx.clock.now(),
    )
    if not await insert_account(tx, account):
        return False
    secret = await issue_link(ctx, tx, Purpose.INVITE, account_id=account.id)
    data = {
        "name": reader.name,
        "library": library.name(reader.language),
        "days": LIFE[Purpose.INVITE].days,
    }
    await mail_link(
        ctx, tx, "import_welcome", to=reader.mail, language=reader.language, secret=secret, data=data
    )
    return True
