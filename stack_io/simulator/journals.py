"""What a simulated device keeps through a power cut: its boots, its commands, its events, what was acknowledged."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from server.domain.stack import CommandKind, CommandState, StackCommand

MOST_EVENTS = 100_000
MOST_COMMANDS = 200_000
Number = tuple[str, int]


@dataclass
class Known:
    """A command that the device was given, and what came of it."""

    command: StackCommand
    state: CommandState = CommandState.ACCEPTED
    code: str = ""


@dataclass
class Journal:
    """A device's memory; with a file it outlives the process, even one that is killed."""

    path: Path | None = None
    boot: int = 0
    commands: OrderedDict[str, Known] = field(default_factory=OrderedDict)
    events: OrderedDict[Number, dict[str, Any]] = field(default_factory=OrderedDict)
    waiting: OrderedDict[Number, None] = field(default_factory=OrderedDict)  # for their acknowledgement
    stock: dict[str, str] = field(
        default_factory=dict
    )  # how the stock has changed: barcode → tote, "" for gone
    _file: TextIO | None = None
    _whole: list[dict[str, Any]] | None = None  # what will be one line

    def start(self) -> str:
        """Power on: what was kept is read, and a new run begins. Returns the run's epoch."""
        if self.path is not None and self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                self._take(line)
        self.boot += 1
        if self.path is not None:
            self._rewrite(self.path)
        return f"{self.boot:06}"

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What is kept within is kept all of it or, where the power is cut, nothing: it is one line of the file."""
        if self._whole is not None:
            yield  # it is part of something larger
            return
        self._whole = []
        try:
            yield
        finally:
            kept, self._whole = self._whole, None
            if kept:
                self._write_line(kept)

    def know(self, command: StackCommand) -> None:
        """A command was taken."""
        self._write({"do": _command_body(command)})
        self.commands[command.id] = Known(command)
        while len(self.commands) > MOST_COMMANDS:
            self.commands.popitem(last=False)

    def settle(self, command_id: str, state: CommandState, code: str) -> None:
        """A command has come to its end."""
        if known := self.commands.get(command_id):
            self._write({"done": command_id, "state": str(state), "code": code})
            known.state, known.code = state, code

    def tell(self, number: Number, body: dict[str, Any]) -> None:
        """Something happened; kept before it is said."""
        self._write({"event": body})
        self.events[number] = body
        self.waiting[number] = None
        while len(self.events) > MOST_EVENTS:
            gone, _ = self.events.popitem(last=False)
            self.waiting.pop(gone, None)

    def acknowledged(self, number: Number) -> None:
        """Somebody else keeps it now."""
        if number in self.waiting:
            self._write({"ack": list(number)})
            self.waiting.pop(number)

    def moved(self, barcode: str, tote: str) -> None:
        """A book was taken in, or (no tote) out."""
        self._write({"item": barcode, "tote": tote})
        self.stock[barcode] = tote

    def last_of(self, epoch: str) -> int:
        """The highest number of a run that is still known; 0 for none."""
        return max((n for e, n in self.events if e == epoch), default=0)

    def _write(self, part: dict[str, Any]) -> None:
        if self._whole is None:
            self._write_line([part])
        else:
            self._whole.append(part)

    def _write_line(self, parts: list[dict[str, Any]]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(parts, ensure_ascii=False) + "\n")
            self._file.flush()

    def _take(self, line: str) -> None:
        try:
            parts = json.loads(line)
        except ValueError:
            return  # the last line of a process that was killed
        for part in parts if isinstance(parts, list) else [parts]:  # once each part was a line
            self._take_part(part)

    def _take_part(self, kept: Any) -> None:
        match kept:
            case {"boot": boot}:
                self.boot = boot
            case {"do": body}:
                command = StackCommand(**{**body, "kind": CommandKind(body["kind"])})
                self.commands[command.id] = Known(command)
            case {"done": command_id, "state": state, "code": code} if command_id in self.commands:
                self.commands[command_id].state = CommandState(state)
                self.commands[command_id].code = code
            case {"event": body}:
                self.events[body["e"], body["n"]] = body
                self.waiting[body["e"], body["n"]] = None
            case {"ack": [epoch, number]}:
                self.waiting.pop((epoch, number), None)
            case {"item": barcode, "tote": tote}:
                self.stock[barcode] = tote

    def _rewrite(self, path: Path) -> None:
        """Begin the file anew with what still counts, so that it does not grow for ever."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        self.close()
        self._file = fresh.open("w", encoding="utf-8")
        self._write({"boot": self.boot})
        for barcode, tote in self.stock.items():
            self._write({"item": barcode, "tote": tote})
        for known in self.commands.values():
            self._write({"do": _command_body(known.command)})
            if known.state is not CommandState.ACCEPTED:
                self._write({"done": known.command.id, "state": str(known.state), "code": known.code})
        for number, body in self.events.items():
            self._write({"event": body})
            if number not in self.waiting:
                self._write({"ack": list(number)})
        fresh.replace(path)


def _command_body(command: StackCommand) -> dict[str, Any]:
    return {name: getattr(command, name) for name in StackCommand.__slots__}
