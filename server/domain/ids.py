"""Names of things: one NewType per kind of identifier."""

from typing import NewType

LibraryId = NewType("LibraryId", str)
DeskId = NewType("DeskId", str)
AccountId = NewType("AccountId", str)
SessionId = NewType("SessionId", str)
FileId = NewType("FileId", str)
PhraseId = NewType("PhraseId", str)
QuestionId = NewType("QuestionId", str)
DueId = NewType("DueId", str)
