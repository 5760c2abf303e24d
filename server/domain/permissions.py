"""Who may do what, where: one table, deny by default (role × scope × verb)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from server.domain.errors import NotAllowed


class Role(StrEnum):
    """What somebody is in the alliance; each role is granted with a scope."""

    READER = "reader"
    LIBRARIAN = "librarian"
    INTERN = "intern"
    INSPECTOR = "inspector"
    SUPPORT_AGENT = "support_agent"
    STORE_KEEPER = "store_keeper"
    STACK_OPERATOR = "stack_operator"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


STAFF = frozenset(Role) - {Role.READER}
ANSWERING = frozenset({Role.LIBRARIAN, Role.INTERN, Role.SUPPORT_AGENT})


class ScopeKind(StrEnum):
    """How far a grant reaches."""

    ALLIANCE = "alliance"
    LIBRARY = "library"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role within a scope; ``scope_id`` is empty for the alliance."""

    role: Role
    scope: ScopeKind
    scope_id: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a visitor without account, a reader, or a staff member with grants.

    ``reader_key`` names the reader in chat sessions: the account id, or the hash of an anonymous visitor's secret.
    Who came with a conversation token reaches that one session only (``only_session``). ``login`` is the id of the
    log-in that proves an account, also behind a token: what was begun by it ends with it.
    """

    account_id: str = ""
    name: str = ""
    language: str = "zh"
    library_id: str = ""
    mail: str = ""
    reader_key: str = ""
    only_session: str = ""
    login: str = field(default="", compare=False)
    grants: frozenset[Grant] = frozenset()
    roles: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", frozenset(grant.role for grant in self.grants))

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF)


NOBODY = Actor()
SYSTEM = Actor(account_id="system", name="system")


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked for, as far as permission depends on it."""

    library_id: str = ""
    owner_keys: frozenset[str] = frozenset()  # reader keys or account ids to whom it belongs
    crew: frozenset[str] = frozenset()  # staff who take part
    store_id: str = ""


class Reach(StrEnum):
    """How close a thing must be to the actor."""

    OWN = "own"  # it belongs to them, or they take part
    SCOPE = "scope"  # a grant of the role covers the thing's library
    ANY = "any"  # holding the role is enough


class Verb(StrEnum):
    """Everything that can be done or seen; each route names one."""

    # readers, with or without account
    ENTER = "enter"  # open pages, log in, register: everybody
    SEARCH_RECORDS = "record.search"  # the alliance's records, and what a citation means: everybody
    OPEN_SESSION = "session.open"
    READ_SESSION = "session.read"
    POST_MESSAGE = "session.post"
    END_SESSION = "session.end"
    RATE_SESSION = "session.rate"
    ASK_QUESTION = "question.ask"
    REQUEST_DOCUMENT = "document.request"  # with a log-in of any library (R-ORG.2)
    READ_CONSULTATION = "consultation.read"
    KEEP_CONSULTATION = "consultation.keep"  # cancel, rate, ask again, convert
    KEEP_ACCOUNT = "account.keep"  # one's own account: language, export, erase, log out
    # staff at the desk
    STAND_DUTY = "duty.stand"
    TAKE_OFFER = "offer.take"
    SERVE_SESSION = "session.serve"  # transfer, invite, note, pass on documents, end
    WRAP_UP = "session.wrap_up"
    READ_ARCHIVE = "archive.read"
    USE_PHRASES = "phrase.use"
    KEEP_OWN_PHRASES = "phrase.keep_own"
    BLOCK_READER = "block.set"
    # librarians at the task pool
    WATCH_POOL = "pool.watch"
    SEARCH_CONSULTATIONS = "consultation.search"  # the archive of what was answered
    WORK_TASK = "task.work"  # claim, hand back, answer
    RELEASE_ANSWER = "answer.release"
    ENTER_PHONE = "phone.enter"
    READ_ATTACHMENT = "attachment.read"
    # quality inspection
    INSPECT = "inspection.grade"
    ANSWER_INSPECTION = "inspection.answer"  # see one's own grades, correct, appeal
    READ_SAMPLES = "quality.samples"
    PUBLISH_QUALITY = "quality.publish"
    COMMENT_QUALITY = "quality.comment"
    # managers
    WATCH_BOARD = "board.watch"
    KEEP_STAFF = "staff.keep"
    KEEP_DESK = "desk.keep"
    KEEP_LIBRARY_PHRASES = "phrase.keep_library"
    KEEP_ALLIANCE_PHRASES = "phrase.keep_alliance"
    KEEP_LIBRARIES = "library.keep"
    KEEP_POLICIES = "policy.keep"
    REVIEW_BLOCK = "block.review"
    READ_AUDIT = "audit.read"
    WATCH_FIGURES = "figures.watch"
    READ_STATEMENT = "figures.statement"
    IMPORT_READERS = "reader.import"
    # online loans: readers
    SEARCH_TITLES = "title.search"  # what can be borrowed: everybody
    KEEP_CART = "cart.keep"  # cart, saved list, addresses
    PLACE_ORDER = "order.place"
    READ_ORDER = "order.read"
    CHANGE_ORDER = "order.change"  # cancel, renew, book a return
    # online loans: staff
    REVIEW_ORDER = "order.review"
    WORK_STORE = "store.work"  # pick, pack, label, hand over, receive, shelve
    KEEP_STORE = "store.keep"
    WATCH_HOLDINGS = "holdings.watch"
    WORK_CASE = "case.work"
    READ_CASE = "case.read"
    WATCH_CASES = "case.watch"  # the list of them
    FETCH_ELSEWHERE = "case.fetch_elsewhere"  # what an agent does about an order, each deed by itself
    SEND_AGAIN = "case.send_again"
    CANCEL_FOR_READER = "case.cancel"
    RECORD_LOSS = "case.record_loss"  # lost or damaged
    GIVE_COUPON = "case.give_coupon"
    JUDGE_COMPLAINT = "case.judge"
    WATCH_STACK = "stack.watch"
    OPERATE_STACK = "stack.operate"  # pause, take over, settle dead letters
    KEEP_NOTICES = "notice.keep"
    KEEP_COUPONS = "coupon.keep"
    KEEP_SLOTS = "slot.keep"
    KEEP_CARDS = "card.keep"  # a reader's card kind and group
    KEEP_CALENDAR = "calendar.keep"  # holidays and make-up workdays, for the whole alliance


Reaches = Mapping[Role | str, Reach]
_EVERYBODY = "everybody"  # also without log-in
_R, _L, _I, _S = Role.READER, Role.LIBRARIAN, Role.INTERN, Role.SUPPORT_AGENT
_M, _A, _K, _O = Role.MANAGER, Role.ADMINISTRATOR, Role.STORE_KEEPER, Role.STACK_OPERATOR
_DESK: Reaches = {_L: Reach.ANY, _I: Reach.ANY, _S: Reach.ANY}
_SERVING: Reaches = {_L: Reach.OWN, _I: Reach.OWN, _S: Reach.OWN}
_MANAGED: Reaches = {_M: Reach.SCOPE, _A: Reach.ANY}

TABLE: Mapping[Verb, Reaches] = {
    Verb.ENTER: {_EVERYBODY: Reach.ANY},
    Verb.SEARCH_RECORDS: {_EVERYBODY: Reach.ANY},
    Verb.OPEN_SESSION: {_EVERYBODY: Reach.ANY},
    Verb.READ_SESSION: {_EVERYBODY: Reach.OWN, **_SERVING, **_MANAGED, Role.INSPECTOR: Reach.SCOPE},
    Verb.POST_MESSAGE: {_EVERYBODY: Reach.OWN, **_SERVING},
    Verb.END_SESSION: {_EVERYBODY: Reach.OWN, **_SERVING},
    Verb.RATE_SESSION: {_EVERYBODY: Reach.OWN},
    Verb.ASK_QUESTION: {_EVERYBODY: Reach.ANY},
    Verb.REQUEST_DOCUMENT: dict.fromkeys(Role, Reach.ANY),
    Verb.READ_CONSULTATION: dict.fromkeys(Role, Reach.OWN),
    Verb.KEEP_CONSULTATION: dict.fromkeys(Role, Reach.OWN),
    Verb.KEEP_ACCOUNT: dict.fromkeys(Role, Reach.OWN),
    Verb.STAND_DUTY: _DESK,
    Verb.TAKE_OFFER: _DESK,
    Verb.SERVE_SESSION: _SERVING,
    Verb.WRAP_UP: {**_SERVING, **_MANAGED},
    Verb.READ_ARCHIVE: {**_SERVING, **_MANAGED, Role.INSPECTOR: Reach.SCOPE},
    Verb.USE_PHRASES: {**_DESK, _M: Reach.ANY, _A: Reach.ANY},
    Verb.KEEP_OWN_PHRASES: {**_SERVING, _M: Reach.OWN, _A: Reach.OWN},
    Verb.BLOCK_READER: _SERVING,
    Verb.WATCH_POOL: {_L: Reach.ANY, _I: Reach.ANY, _M: Reach.ANY, _A: Reach.ANY},
    Verb.SEARCH_CONSULTATIONS: {_L: Reach.OWN, _I: Reach.OWN, **_MANAGED, Role.INSPECTOR: Reach.SCOPE},
    Verb.WORK_TASK: {_L: Reach.ANY, _I: Reach.ANY},
    Verb.RELEASE_ANSWER: {_L: Reach.ANY},
    Verb.ENTER_PHONE: {_L: Reach.ANY, _I: Reach.ANY},
    Verb.INSPECT: {Role.INSPECTOR: Reach.SCOPE},
    Verb.ANSWER_INSPECTION: {_L: Reach.OWN, _I: Reach.OWN},
    Verb.READ_SAMPLES: {Role.INSPECTOR: Reach.SCOPE, **_MANAGED},
    Verb.PUBLISH_QUALITY: _MANAGED,
    Verb.COMMENT_QUALITY: dict.fromkeys(Role, Reach.OWN),
    Verb.READ_ATTACHMENT: {**dict.fromkeys(Role, Reach.OWN), **_MANAGED, Role.INSPECTOR: Reach.SCOPE},
    Verb.WATCH_BOARD: {_M: Reach.ANY, _A: Reach.ANY},
    Verb.KEEP_STAFF: _MANAGED,
    Verb.KEEP_DESK: _MANAGED,
    Verb.KEEP_LIBRARY_PHRASES: _MANAGED,
    Verb.KEEP_ALLIANCE_PHRASES: {_M: Reach.SCOPE, _A: Reach.ANY},
    Verb.KEEP_LIBRARIES: {_M: Reach.SCOPE, _A: Reach.ANY},
    Verb.KEEP_POLICIES: _MANAGED,
    Verb.REVIEW_BLOCK: _MANAGED,
    Verb.READ_AUDIT: _MANAGED,
    Verb.WATCH_FIGURES: _MANAGED,
    Verb.READ_STATEMENT: {_L: Reach.OWN, _I: Reach.OWN, **_MANAGED},
    Verb.IMPORT_READERS: _MANAGED,
    Verb.SEARCH_TITLES: {_EVERYBODY: Reach.ANY},
    Verb.KEEP_CART: dict.fromkeys(Role, Reach.OWN),
    Verb.PLACE_ORDER: dict.fromkeys(Role, Reach.OWN),
    Verb.READ_ORDER: {**dict.fromkeys(Role, Reach.OWN), _S: Reach.ANY, **_MANAGED, _K: Reach.SCOPE},
    Verb.CHANGE_ORDER: dict.fromkeys(Role, Reach.OWN),
    Verb.REVIEW_ORDER: _MANAGED,
    Verb.WORK_STORE: {_K: Reach.SCOPE},
    Verb.KEEP_STORE: _MANAGED,
    Verb.WATCH_HOLDINGS: {_K: Reach.SCOPE, **_MANAGED},
    Verb.WORK_CASE: {_S: Reach.ANY},
    Verb.WATCH_CASES: {_S: Reach.ANY, **_MANAGED},
    Verb.FETCH_ELSEWHERE: {_S: Reach.ANY},
    Verb.SEND_AGAIN: {_S: Reach.ANY},
    Verb.CANCEL_FOR_READER: {_S: Reach.ANY},
    Verb.RECORD_LOSS: {_S: Reach.ANY},
    Verb.GIVE_COUPON: {_S: Reach.ANY},
    Verb.JUDGE_COMPLAINT: {_S: Reach.ANY},
    Verb.READ_CASE: {**dict.fromkeys(Role, Reach.OWN), _S: Reach.ANY, **_MANAGED},
    Verb.WATCH_STACK: {_O: Reach.SCOPE, _K: Reach.SCOPE, **_MANAGED},
    Verb.OPERATE_STACK: {_O: Reach.SCOPE, _A: Reach.ANY},
    Verb.KEEP_NOTICES: _MANAGED,
    Verb.KEEP_COUPONS: _MANAGED,
    Verb.KEEP_SLOTS: _MANAGED,
    Verb.KEEP_CARDS: _MANAGED,
    Verb.KEEP_CALENDAR: _MANAGED,
}


def may(actor: Actor, verb: Verb, thing: Thing | None = None) -> bool:
    """Whether the actor may do this to the thing; without a thing, whether they may do it to anything at all."""
    reaches = TABLE.get(verb, {})
    if thing is None:
        return _EVERYBODY in reaches or bool(actor.roles & reaches.keys())
    if _EVERYBODY in reaches and _covers(actor, None, reaches[_EVERYBODY], thing):
        return True
    return any(
        grant.role in reaches and _covers(actor, grant, reaches[grant.role], thing) for grant in actor.grants
    )


def demand(actor: Actor, verb: Verb, thing: Thing | None = None) -> None:
    """Raise NotAllowed unless the table says otherwise."""
    if not may(actor, verb, thing):
        raise NotAllowed(verb=str(verb))


def library_scopes(actor: Actor, verb: Verb) -> frozenset[str] | None:
    """The libraries for which the actor may do this; None stands for the whole alliance."""
    reaches = TABLE.get(verb, {})
    granted = [grant for grant in actor.grants if grant.role in reaches]
    if any(grant.scope is ScopeKind.ALLIANCE or reaches[grant.role] is Reach.ANY for grant in granted):
        return None
    return frozenset(grant.scope_id for grant in granted if grant.scope is ScopeKind.LIBRARY)


def store_scopes(actor: Actor, verb: Verb) -> tuple[frozenset[str], frozenset[str]] | None:
    """The stores and the libraries for whose stores the actor may do this; None stands for the whole alliance."""
    reaches = TABLE.get(verb, {})
    granted = [
        grant for grant in actor.grants if grant.role in reaches and reaches[grant.role] is not Reach.OWN
    ]
    if any(grant.scope is ScopeKind.ALLIANCE or reaches[grant.role] is Reach.ANY for grant in granted):
        return None
    stores = frozenset(grant.scope_id for grant in granted if grant.scope is ScopeKind.STORE)
    return stores, frozenset(grant.scope_id for grant in granted if grant.scope is ScopeKind.LIBRARY)


def _covers(actor: Actor, grant: Grant | None, reach: Reach, thing: Thing) -> bool:
    if reach is Reach.ANY:
        return True
    if reach is Reach.OWN:
        keys = {key for key in (actor.account_id, actor.reader_key) if key}
        return bool(keys & (thing.owner_keys if grant is None else thing.crew | thing.owner_keys))
    if grant is None:
        return False
    if grant.scope is ScopeKind.ALLIANCE:
        return True
    reached = thing.library_id if grant.scope is ScopeKind.LIBRARY else thing.store_id
    return bool(reached) and grant.scope_id == reached
