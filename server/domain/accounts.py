"""Accounts: one log-in is good at every member library (R-ORG.2); what may be filled in, who may grant what."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from server.domain.errors import Conflict, Invalid, NotAllowed
from server.domain.permissions import ANSWERING, Actor, Grant, Role, ScopeKind, Thing, Verb, demand

LANGUAGES = ("zh", "en")
AT_STORES = frozenset({Role.STORE_KEEPER, Role.STACK_OPERATOR})  # roles that may be held at a single store
NO_STORES: Mapping[str, str] = MappingProxyType({})
NAME_LIMIT = 60
CARD_LIMIT = 60
PASSWORD_LEAST = 10
PASSWORD_MOST = 200  # argon2 takes more, but an endless one only burns time
PASSWORD_VARIETY = 5  # different characters at least
# What guessers try first among passwords that are long enough (public lists of leaked ones).
_COMMON = (
    " 1234567890 0123456789 0987654321 12345678910 123456789a qwertyuiop 1qaz2wsx3edc q1w2e3r4t5 1q2w3e4r5t"
    " password123 password1234 passw0rd123 password2026 iloveyou1314 woaini1314 woaini5201314 woaini520520"
    " zhangsan123 admin12345 admin123456 administrator librarian1 librarian123 library123 abcdefghij"
    " abcdef123456 abc1234567 a123456789 aa12345678 asdfghjkl1 zxcvbnm123 letmein123 welcome123 changeme123 "
)

# Who stands at the machine itself may do what an administrator may.
OPERATOR = Actor(
    account_id="operator", name="operator", grants=frozenset({Grant(Role.ADMINISTRATOR, ScopeKind.ALLIANCE)})
)


class AccountState(StrEnum):
    """Whether somebody can log in."""

    PENDING = "pending"  # imported or invited; no password yet
    ACTIVE = "active"
    DISABLED = "disabled"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Account:
    """A reader or staff member. ``mail`` is in lower case; ``password_hash`` is empty until a password is chosen."""

    id: str
    mail: str
    name: str
    password_hash: str
    library_id: str
    language: str
    card_number: str
    state: AccountState
    verified_at: datetime | None
    large_type: bool
    created_at: datetime

    @property
    def can_log_in(self) -> bool:
        return self.state is AccountState.ACTIVE and bool(self.password_hash)


def actor_of(account: Account, grants: Iterable[Grant], login: str = "") -> Actor:
    """The account as who asks: everybody with an account is a reader of the whole alliance (R-ORG.2)."""
    return Actor(
        account_id=account.id,
        name=account.name,
        language=account.language,
        library_id=account.library_id,
        mail=account.mail,
        reader_key=account.id,
        login=login,
        grants=frozenset({*grants, Grant(Role.READER, ScopeKind.ALLIANCE)}),
    )


def checked_name(text: str, field: str = "name") -> str:
    """A person's name on one line. Raises Invalid, also for what would read as an address in our mails."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise Invalid("field_required", field)
    if len(name) > NAME_LIMIT:
        raise Invalid("field_too_long", field, limit=NAME_LIMIT, length=len(name))
    lower = name.lower()
    if any(unicodedata.category(char)[0] == "C" for char in name) or any(
        sign in lower for sign in ("/", "@", "www.", "<", ">")
    ):
        raise Invalid("name_wrong", field)
    return name


def typed_password(text: str) -> str:
    """A password as it is compared: full-width letters of a Chinese input method count as plain ones (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def checked_password(text: str, *, mail: str = "", name: str = "", field: str = "password") -> str:
    """A password that may be chosen: long enough, varied, neither well-known nor one's own name (NIST SP 800-63B).

    Raises Invalid with what would be right.
    """
    password = typed_password(text)
    if len(password) < PASSWORD_LEAST:
        raise Invalid("password_short", field, least=PASSWORD_LEAST)
    if len(password) > PASSWORD_MOST:
        raise Invalid("password_long", field, limit=PASSWORD_MOST)
    plain = password.lower()
    own = {mail.lower(), mail.partition("@")[0].lower(), name.lower(), name.replace(" ", "").lower()}
    if len(set(password)) < PASSWORD_VARIETY or f" {plain} " in _COMMON or plain in own:
        raise Invalid("password_weak", field)
    return password


def checked_language(text: str, field: str = "language") -> str:
    """zh or en. Raises Invalid."""
    if text not in LANGUAGES:
        raise Invalid("choice_wrong", field, choices=", ".join(LANGUAGES), text=text)
    return text


def judge_grant(actor: Actor, grant: Grant, stores: Mapping[str, str] = NO_STORES) -> None:
    """Whether the actor may give or take this role there. Raises NotAllowed, Invalid.

    A manager acts within their own scope; only an administrator makes administrators, and these reach the alliance.
    A role at one store is for who works there, and the store's library gives it: ``stores`` holds its id by theirs.
    """
    if grant.role is Role.READER:
        raise Invalid("role_is_everybodys", "role")
    if (grant.scope is ScopeKind.ALLIANCE) == bool(grant.scope_id):
        raise Invalid("scope_wrong", "scope")
    if grant.role is Role.ADMINISTRATOR:
        if grant.scope is not ScopeKind.ALLIANCE:
            raise Invalid("scope_wrong", "scope")
        if Role.ADMINISTRATOR not in actor.roles:
            raise NotAllowed(verb=str(Verb.KEEP_STAFF))
    if grant.scope is ScopeKind.STORE and grant.role not in AT_STORES:
        raise Invalid("scope_wrong", "scope")
    libraries = stores if grant.scope is ScopeKind.STORE else {grant.scope_id: grant.scope_id}
    demand(actor, Verb.KEEP_STAFF, Thing(library_id=libraries.get(grant.scope_id, "")))


def judge_revocation(
    actor: Actor, grant: Grant, *, administrators: int, stores: Mapping[str, str] = NO_STORES
) -> None:
    """Whether the actor may take this role away; somebody must always be left who can administer."""
    judge_grant(actor, grant, stores)
    if grant.role is Role.ADMINISTRATOR and administrators <= 1:
        raise Conflict("last_administrator")


def judge_closing(
    actor: Actor, grants: Sequence[Grant], *, administrators: int, stores: Mapping[str, str] = NO_STORES
) -> None:
    """Whether the actor may close this account: who could take all its roles may; a reader's only an administrator."""
    if Role.ADMINISTRATOR not in actor.roles and not grants:
        raise NotAllowed(verb=str(Verb.KEEP_STAFF))
    for grant in grants:
        judge_revocation(actor, grant, administrators=administrators, stores=stores)


def answering_role(grants: Iterable[Grant]) -> Grant | None:
    """The grant under which somebody takes conversations: the fullest of several, None for who does not.

    A support agent who learns to be a librarian serves readers meanwhile; an intern mostly practises (R-ORG.5).
    """
    order = (Role.LIBRARIAN, Role.SUPPORT_AGENT, Role.INTERN)
    answering = [grant for grant in grants if grant.role in ANSWERING]
    return min(answering, key=lambda grant: order.index(grant.role), default=None)
