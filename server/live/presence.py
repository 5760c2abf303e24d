"""Who is connected to this process right now: proven by live connections, never a stored flag.

That the others know, and for how long it holds (a lease), is not its business.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Presence:
    """One live connection: whose it is (``kind`` is "staff" or "reader") and what it is present in.

    ``subject_id`` is the account of a staff member, the session of a reader.
    """

    connection_id: str
    kind: str
    subject_id: str
