"""Who is connected is what live connections prove."""

from server.live.presence import Presence, PresenceBook


def test_each_connection_is_reported_once_when_it_comes_and_once_when_it_goes() -> None:
    told: list[tuple[str, str]] = []
    book = PresenceBook(
        lambda one: told.append(("open", one.connection_id)),
        lambda one: told.append(("close", one.connection_id)),
    )
    tab, phone = Presence("c1", "staff", "a"), Presence("c2", "staff", "a")
    for presence in (tab, phone, tab):
        book.open(presence)
    assert book.all() == [tab, phone]
    for connection_id in ("c1", "c1", "never came"):
        book.close(connection_id)
    assert book.all() == [phone]
    assert told == [("open", "c1"), ("open", "c2"), ("close", "c1")]
