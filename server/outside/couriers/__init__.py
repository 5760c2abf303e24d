"""Couriers behind one small interface: book, cancel, ask where a parcel is."""

from server.domain.errors import Unavailable
from server.outside.couriers.adapter import Courier
from server.outside.couriers.own import OwnCourier
from server.outside.couriers.simulator import SimulatedCourier
from server.settings import Settings

__all__ = ["Courier", "courier_named"]


def courier_named(settings: Settings, name: str) -> Courier:
    """The courier of this name. Raises Unavailable ``courier_unknown`` where none is set up under it."""
    match name:
        case "own":
            return OwnCourier()
        case "simulator":
            return SimulatedCourier(settings.courier_seed, settings.courier_minutes)
    raise Unavailable("courier_unknown", name=name)
