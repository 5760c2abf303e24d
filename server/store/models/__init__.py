"""The tables, as Tortoise models: instants are BIGINT microseconds since 1970 in UTC, states and lists are text.

Only portable column types are used, so that one statement reads the same on SQLite and PostgreSQL. Rows never leave
``server.store``.
"""

from server.store.models.accounts import Account, Grant, OneTimeLink, Throttle, WebSession
from server.store.models.catalogue import BibliographicRecord
from server.store.models.chat import (
    Block,
    CannedPhrase,
    ChatEvent,
    ChatParticipant,
    ChatSession,
    PassedDocument,
    WrapUp,
)
from server.store.models.deliveries import (
    Attachment,
    Delivery,
    DeliveryFetch,
    LinkProbe,
    WatchedLink,
)
from server.store.models.figures import ArchiveEntry, Figure, FigureMark, StaleDay
from server.store.models.inspections import (
    Inspection,
    InspectionStep,
    Publication,
    PublicationComment,
    PublishedResult,
)
from server.store.models.libraries import (
    Closure,
    Desk,
    DeskGroup,
    DeskGroupMember,
    DeskHours,
    Library,
    Policy,
)
from server.store.models.operations import AuditEntry, Due, MailOut, StoredFile
from server.store.models.pool import (
    Answer,
    AnswerDraft,
    Claim,
    ClaimCount,
    Consultation,
    ConsultationStep,
    Task,
    TaskPolicySet,
    TrailEntry,
)
from server.store.models.staff import Connection, DeskStaff, Duty, ProcessLease

__all__ = [
    "Account",
    "Answer",
    "AnswerDraft",
    "ArchiveEntry",
    "Attachment",
    "AuditEntry",
    "BibliographicRecord",
    "Block",
    "CannedPhrase",
    "ChatEvent",
    "ChatParticipant",
    "ChatSession",
    "Claim",
    "ClaimCount",
    "Closure",
    "Connection",
    "Consultation",
    "ConsultationStep",
    "Delivery",
    "DeliveryFetch",
    "Desk",
    "DeskGroup",
    "DeskGroupMember",
    "DeskHours",
    "DeskStaff",
    "Due",
    "Duty",
    "Figure",
    "FigureMark",
    "Grant",
    "Inspection",
    "InspectionStep",
    "Library",
    "LinkProbe",
    "MailOut",
    "OneTimeLink",
    "PassedDocument",
    "Policy",
    "ProcessLease",
    "Publication",
    "PublicationComment",
    "PublishedResult",
    "StaleDay",
    "StoredFile",
    "Task",
    "TaskPolicySet",
    "Throttle",
    "TrailEntry",
    "WatchedLink",
    "WebSession",
    "WrapUp",
]
