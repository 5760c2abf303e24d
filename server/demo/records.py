"""The demo libraries' catalogues: a handful of well-known books, so that the search box finds something."""

import tomllib
from importlib.resources import files

from server.context import Context
from server.demo.cast import Cast
from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.store.catalogue import save_records, settle_words

SOURCE = "demo"


async def put_records(ctx: Context, cast: Cast) -> int:
    """Put every library's books into the catalogue; returns how many."""
    tables = tomllib.loads(files("server.demo").joinpath("records.toml").read_text("utf-8"))
    count = 0
    for slug, table in tables.items():
        records = {
            f"demo-{slug}-{at}": record_of(f"demo-{slug}-{at}", book)
            for at, book in enumerate(table["books"])
        }
        async with ctx.transaction() as tx:
            count += await save_records(tx, cast.libraries[slug].id, SOURCE, records, at=ctx.clock.now())
    async with ctx.transaction() as tx:
        await settle_words(tx)
    return count


def record_of(number: str, book: list[str]) -> BibliographicRecord:
    """A book as the demo's files list it: title, author, publisher, year, subjects; a class number before these."""
    title, authors, publisher, date, *class_number, subjects = book
    return BibliographicRecord(
        number,
        Material.BOOK,
        title,
        authors=authors,
        publisher=publisher,
        date=date,
        language="chi",
        subjects=tuple(subjects.split()),
        class_number="".join(class_number),
    )
