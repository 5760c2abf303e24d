"""The bridge to automated stores: devices, commands that go out, events that come in."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class StackDevice(Model):
    """A machine that the bridge speaks with. One process at a time does, by the lease in this row.

    ``epoch`` names the run of its counter (a restart may begin anew), ``last_sequence`` is the last one kept of it.
    """

    id = fields.CharField(primary_key=True, max_length=26)
    store_id = fields.CharField(max_length=26, db_index=True)
    name = fields.CharField(max_length=120)
    driver = fields.CharField(max_length=30)  # simulator, …
    address = fields.CharField(max_length=200, default="")  # host:port, or in-process
    options = fields.TextField(default="{}")  # JSON object, by driver
    active = fields.BooleanField(default=True)
    state = fields.CharField(max_length=10, default="offline")  # online, stale, offline
    state_at = fields.BigIntField()
    heard_at = fields.BigIntField(null=True)  # the last sign of life
    paused_at = fields.BigIntField(null=True)
    paused_by = fields.CharField(max_length=26, default="")
    pause_reason = fields.CharField(max_length=300, default="")
    epoch = fields.CharField(max_length=40, default="")
    last_sequence = fields.BigIntField(default=0)
    skew_ms = fields.BigIntField(default=0)  # device time less ours
    picture = fields.TextField(
        default=""
    )  # JSON: the last state of totes, shuttles and stations, for the drawing
    picture_at = fields.BigIntField(null=True)
    reconciled_at = fields.BigIntField(null=True)
    lease_holder = fields.CharField(max_length=60, default="")
    lease_until_at = fields.BigIntField(default=0)

    class Meta:
        table = "stack_device"


class StackCommand(Model):
    """What a device is told, from a durable outbox under a stable id, resent with it until an event settles it."""

    id = fields.CharField(primary_key=True, max_length=26)
    device_id = fields.CharField(max_length=26)
    kind = fields.CharField(max_length=12)  # retrieve, cancel, put_back
    order_id = fields.CharField(max_length=26, default="", db_index=True)
    line_id = fields.CharField(max_length=26, default="")
    item_id = fields.CharField(max_length=26, default="")
    barcode = fields.CharField(max_length=30, default="")
    tote = fields.CharField(max_length=30, default="")
    target_id = fields.CharField(max_length=26, default="")  # cancel: which command
    priority = fields.IntField(default=5)  # 1 first
    state = fields.CharField(
        max_length=10, default="pending"
    )  # pending, sent, accepted, done, failed, cancelled, unsure
    result = fields.CharField(max_length=60, default="")
    sends = fields.IntField(default=0)
    created_at = fields.BigIntField()
    next_at = fields.BigIntField()  # when it is to be sent, asked about or resent
    sent_at = fields.BigIntField(null=True)  # first
    accepted_at = fields.BigIntField(null=True)
    settled_at = fields.BigIntField(null=True)
    taken_over_by = fields.CharField(max_length=26, default="")
    reason = fields.CharField(max_length=300, default="")

    class Meta:
        table = "stack_command"
        indexes = [
            Index(fields=("device_id", "state", "next_at"), name="stack_command_next"),
            Index(fields=("device_id", "settled_at"), name="stack_command_settled"),
            Index(fields=("item_id",), name="stack_command_item"),
        ]


class StackEvent(Model):
    """The inbox: everything a device said that was not a mere sign of life, kept before it is acknowledged.

    Once per (device, epoch, sequence), or per body where the device does not count. What could not be read, or
    belongs to nothing, stays as a dead letter and is shown, ``alarm`` marks one id that came with two bodies.
    """

    id = fields.CharField(primary_key=True, max_length=26)
    device_id = fields.CharField(max_length=26)
    epoch = fields.CharField(max_length=40, default="")
    sequence = fields.BigIntField(null=True)
    body_hash = fields.CharField(max_length=40)
    kind = fields.CharField(max_length=20)
    state = fields.CharField(max_length=8)  # kept, dead, settled
    problem = fields.CharField(max_length=200, default="")
    alarm = fields.BooleanField(default=False)
    command_id = fields.CharField(max_length=26, default="")
    order_id = fields.CharField(max_length=26, default="")
    barcode = fields.CharField(max_length=60, default="")
    body = fields.TextField(default="")  # as it came, cut at 4 000 characters
    device_at = fields.BigIntField(null=True)
    received_at = fields.BigIntField()
    settled_by = fields.CharField(max_length=26, default="")

    class Meta:
        table = "stack_event"
        indexes = [Index(fields=("device_id", "received_at"), name="stack_event_time")]


class StackDifference(Model):
    """What the store's own list and ours say differently of one item, until somebody has settled it."""

    id = fields.CharField(primary_key=True, max_length=60)  # device / barcode
    device_id = fields.CharField(max_length=26)
    barcode = fields.CharField(max_length=60)
    ours = fields.CharField(max_length=40, default="")
    theirs = fields.CharField(max_length=40, default="")
    found_at = fields.BigIntField()
    case_id = fields.CharField(max_length=26, default="")

    class Meta:
        table = "stack_difference"


class StackHour(Model):
    """Figures of a device by the hour: throughput and waiting times for the plots."""

    id = fields.CharField(primary_key=True, max_length=50)  # device / hour
    device_id = fields.CharField(max_length=26)
    hour_at = fields.BigIntField()
    retrieved = fields.IntField(default=0)
    put_back = fields.IntField(default=0)
    failed = fields.IntField(default=0)
    wait_seconds = fields.BigIntField(default=0)  # summed from command to completion
    longest_seconds = fields.IntField(default=0)

    class Meta:
        table = "stack_hour"
        indexes = [Index(fields=("device_id", "hour_at"), name="stack_hour_device")]
