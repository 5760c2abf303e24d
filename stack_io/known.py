"""What is known of a device over all its connections, while this process speaks with it."""

import asyncio

from server.actions.stack_outbox import Outbox
from server.actions.stack_signs import DeviceRow, Signs
from server.context import Context
from server.domain.events import StackPictured
from server.domain.stack import Sign
from stack_io.counts import Counts
from stack_io.drivers.contract import Traits


class Known:
    """A device's counter, outbox and last signs of life. ``wake`` is set when there may be something to say."""

    def __init__(self, ctx: Context, device: DeviceRow, traits: Traits) -> None:
        self.ctx, self.device, self.traits = ctx, device, traits
        self.wake = asyncio.Event()
        self.counts = Counts(device.epoch, device.last_sequence)
        self.outbox = Outbox(ctx, device.id, traits.resend_seconds)
        self.signs = Signs(device.heard_at, device.skew_ms)
        self.unanswered: dict[str, int] = {}  # command → questions that were waited for in vain

    def sign(self, sign: Sign) -> None:
        """A sign of life. The device's clock is kept, and never trusted."""
        now = self.ctx.clock.now()
        skew = round((sign.at - now).total_seconds() * 1000) if sign.at else self.signs.skew_ms
        self.signs = Signs(now, skew, sign.picture or self.signs.picture)
        if sign.epoch and sign.last_sequence is not None:
            self.counts.told(sign.epoch, sign.last_sequence)
        if sign.picture:
            self.ctx.announce(StackPictured(self.device.id, sign.picture))

    def alive(self) -> None:
        """Something was heard that is no sign of life, and is one all the same."""
        self.signs = Signs(self.ctx.clock.now(), self.signs.skew_ms, self.signs.picture)

    def written(self) -> Signs:
        """What is to be written down by now; the picture is not written twice."""
        signs = self.signs
        self.signs = Signs(signs.heard_at, signs.skew_ms)
        return Signs(signs.heard_at, signs.skew_ms, signs.picture, (self.counts.epoch, self.counts.mark))
