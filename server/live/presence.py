"""Who is connected to this process right now: proven by live connections, never a stored flag.

That the others know, and for how long it holds (a lease), is not its business.
"""

from dataclasses import dataclass

PAGE = "page"  # looks on, and is expected nowhere


@dataclass(frozen=True, slots=True)
class Presence:
    """One live connection: whose it is (``kind`` is "staff", "reader" or "page") and what it is present in.

    ``subject_id`` is the account of a staff member or of a reader at a page, the session of a reader who talks. That
    somebody looks at a page is nobody's business: such lines are not put on record.
    """

    connection_id: str
    kind: str
    subject_id: str
