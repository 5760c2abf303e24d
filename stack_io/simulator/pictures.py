"""What a live drawing of the store shows: JSON with everything that moves, stands, waits or is broken."""

from typing import Any

from stack_io.simulator.world import Mover, Station, Trip, World

MOST_TOTES = 150


def picture(world: World) -> dict[str, Any]:
    """The store at this moment. docs/stack.md describes each field."""
    now, plan = world.clock.now, world.plan
    return {
        "v": 1,
        "aisles": plan.aisles,
        "levels": plan.levels,
        "bays": plan.bays,
        "shuttles": [_shuttle(mover, now) for mover in world.shuttles.values()],
        "lifts": [_lift(mover, now) for mover in world.lifts.values()],
        "stations": [_station(station, world) for station in world.stations],
        "totes": [_tote(trip, now) for trip in list(world.trips.values())[:MOST_TOTES]],
        "faults": [
            {"place": fault.place, "code": fault.code, "seconds": round(now - fault.since)}
            for fault in world.faults
        ],
        "stock": len(world.stock),
        "done": world.done,
        "open": len(world.trips),
    }


def _shuttle(mover: Mover, now: float) -> dict[str, Any]:
    return {
        "aisle": mover.aisle,
        "level": mover.level,
        "bay": round(mover.at(now), 1),
        "to": mover.there,
        "tote": mover.load,
        "state": _state(mover, now),
    }


def _lift(mover: Mover, now: float) -> dict[str, Any]:
    return {
        "aisle": mover.aisle,
        "level": round(mover.at(now), 1),
        "tote": mover.load,
        "waiting": len(mover.turn.waiting),
        "state": _state(mover, now),
    }


def _state(mover: Mover, now: float) -> str:
    if mover.faulty:
        return "fault"
    return "moving" if now < mover.arrives else "busy" if mover.turn.taken else "idle"


def _station(station: Station, world: World) -> dict[str, Any]:
    queue = [
        trip.tote
        for trip in world.trips.values()
        if trip.station == station.number and trip.where == "conveyor" and trip.arrives <= world.clock.now
    ]
    return {"id": station.number, "tote": station.tote, "queue": queue[:20], "coming": station.coming}


def _tote(trip: Trip, now: float) -> dict[str, Any]:
    share = (now - trip.left) / (trip.arrives - trip.left) if trip.arrives > trip.left else 0.0
    return {
        "tote": trip.tote,
        "item": trip.command.barcode,
        "order": trip.command.order_number,
        "kind": str(trip.command.kind),
        "aisle": trip.slot.aisle,
        "level": trip.slot.level,
        "bay": trip.slot.bay,
        "where": trip.where,
        "station": trip.station,
        "share": round(min(share, 1.0), 2) if trip.where == "conveyor" else 0,
        "stuck": trip.stuck,
        "settled": trip.settled,
    }
