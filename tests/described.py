"""Holds what the server says over its lines against what it says of itself at ``/api/asyncapi.json``."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from server.api.asyncapi import asyncapi


def demand_described(frame: dict[str, Any]) -> None:
    """Raise AssertionError unless the frame is described, with each of its fields; clients need not be so strict."""
    tag = f"server_{frame['t']}"
    assert tag in _checkers(), f"no client is told of {frame}"
    faults = [f"{fault.json_path}: {fault.message}" for fault in _checkers()[tag].iter_errors(frame)]
    assert not faults, (frame, faults)


def closed(value: Any) -> Any:
    """A document with every object closed to fields that it does not name."""
    if isinstance(value, list):
        return [closed(part) for part in value]
    if not isinstance(value, dict):
        return value
    shut = {name: closed(part) for name, part in value.items()}
    if "properties" in shut and shut.get("type") == "object" and "additionalProperties" not in shut:
        shut["additionalProperties"] = False
    return shut


@cache
def _checkers() -> dict[str, Draft202012Validator]:
    components = closed(asyncapi("http://localhost")["components"])
    messages = components["messages"]
    return {
        name: Draft202012Validator({"components": components, **message["payload"]})
        for name, message in messages.items()
        if name.startswith("server_")
    }
