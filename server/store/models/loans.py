"""Online loans: stores and items, readers' carts and cards, orders with their events, parcels, returns, cases."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Store(Model):
    """Where items for online loan stand: a smart stack or an ordinary store (R-LOAN.2)."""

    id = fields.CharField(primary_key=True, max_length=26)
    library_id = fields.CharField(max_length=26)  # who runs it
    code = fields.CharField(max_length=20, unique=True)
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=120, default="")
    kind = fields.CharField(max_length=10)  # smart, ordinary
    tier = fields.CharField(max_length=10, default="district")  # centre, district
    address = fields.CharField(max_length=200, default="")
    phone = fields.CharField(max_length=60, default="")
    active = fields.BooleanField(default=True)
    turn = fields.BigIntField(
        default=0
    )  # grows with every leg: of equal stores the one served longest ago is next
    created_at = fields.BigIntField()

    class Meta:
        table = "store"


class Item(Model):
    """One physical volume. ``state`` moves by conditional updates only, so that no book is promised twice.

    ``order_id`` names the order that has it, from reservation until it is put back, owner library and store may differ
    (R-LOAN.2). ``tote`` is the smart stack's box, ``location`` the place in words that sort along the walk.
    """

    id = fields.CharField(primary_key=True, max_length=26)
    record_id = fields.BigIntField()
    barcode = fields.CharField(max_length=30, unique=True)
    library_id = fields.CharField(max_length=26)  # the owner
    store_id = fields.CharField(max_length=26)
    location = fields.CharField(max_length=40, default="")
    tote = fields.CharField(max_length=30, default="")
    # available, reserved, picked, out, returning, received, stray, unshelved, moving, missing, lost, damaged, withdrawn
    state = fields.CharField(max_length=12, default="available")
    order_id = fields.CharField(max_length=26, default="")
    line_id = fields.CharField(max_length=26, default="")
    new_until_at = fields.BigIntField(null=True)  # shown among the new books until then
    added_at = fields.BigIntField()  # to the store
    checked_at = fields.BigIntField(null=True)  # last seen by a scan or in the stack's own list
    note = fields.CharField(max_length=200, default="")

    class Meta:
        table = "item"
        indexes = [
            Index(fields=("record_id", "state"), name="item_record"),
            Index(fields=("store_id", "state", "location"), name="item_store"),
            Index(fields=("order_id",), name="item_order"),
            Index(fields=("added_at", "id"), name="item_new"),
        ]


class ReaderCard(Model):
    """What a reader may borrow: card kind, group, and how many items they have or have ordered (R-COM.1, R-COM.9)."""

    reader_id = fields.CharField(primary_key=True, max_length=26)
    kind = fields.CharField(max_length=14, default="neighbourhood")  # city, neighbourhood
    reader_group = fields.CharField(max_length=10, default="")  # elder, child, disabled, remote (R-LOAN.9)
    held = fields.IntField(default=0)  # the owner's counter row: ordered and not yet back
    barred = fields.CharField(max_length=200, default="")  # by a manager, with the reason
    changed_at = fields.BigIntField()

    class Meta:
        table = "reader_card"


class Address(Model):
    """Where a reader wants parcels to go."""

    id = fields.CharField(primary_key=True, max_length=26)
    reader_id = fields.CharField(max_length=26, db_index=True)
    name = fields.CharField(max_length=60)
    phone = fields.CharField(max_length=30)
    region = fields.CharField(max_length=100, default="")
    line = fields.CharField(max_length=200)
    is_default = fields.BooleanField(default=False)
    used_at = fields.BigIntField()

    class Meta:
        table = "reader_address"


class CartLine(Model):
    """A title in a reader's loan cart, on their saved list, or asked for while all copies are out."""

    id = fields.CharField(primary_key=True, max_length=60)  # list / reader / record
    list = fields.CharField(max_length=6)  # cart, saved, asked
    reader_id = fields.CharField(max_length=26)
    record_id = fields.BigIntField()
    at = fields.BigIntField()
    told_at = fields.BigIntField(null=True)  # asked: when the reader was told that a copy is back

    class Meta:
        table = "cart_line"
        indexes = [
            Index(fields=("reader_id", "list", "at"), name="cart_reader"),
            Index(fields=("record_id", "list"), name="cart_record"),
        ]


class TitleComment(Model):
    """What a reader wrote about a title (R-COM.4)."""

    id = fields.CharField(primary_key=True, max_length=26)
    record_id = fields.BigIntField(db_index=True)
    reader_id = fields.CharField(max_length=26, db_index=True)
    text = fields.CharField(max_length=1000)
    at = fields.BigIntField()
    hidden_by = fields.CharField(max_length=26, default="")

    class Meta:
        table = "title_comment"


class Coupon(Model):
    """A freight coupon of a campaign: waives all or part of the postage (R-LOAN.9)."""

    id = fields.CharField(primary_key=True, max_length=26)
    library_id = fields.CharField(max_length=26, default="")  # empty: the alliance's
    code = fields.CharField(max_length=30, unique=True)
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=120, default="")
    cents = fields.IntField(default=0)  # taken off; 0 waives all
    reader_group = fields.CharField(max_length=10, default="")  # only for these readers
    reader_id = fields.CharField(max_length=26, default="")  # only for this one: what a support agent gave
    quota = fields.IntField(default=0)  # 0: without end
    used = fields.IntField(default=0)
    valid_from_at = fields.BigIntField()
    valid_until_at = fields.BigIntField()

    class Meta:
        table = "coupon"


class CouponUse(Model):
    """One use of a coupon, a reader uses each once."""

    id = fields.CharField(primary_key=True, max_length=60)  # coupon / reader
    coupon_id = fields.CharField(max_length=26)
    reader_id = fields.CharField(max_length=26)
    order_id = fields.CharField(max_length=26)
    at = fields.BigIntField()

    class Meta:
        table = "coupon_use"


class Slot(Model):
    """A weekly time at which parcels are brought, or books can be collected, and how many orders it takes."""

    id = fields.CharField(primary_key=True, max_length=26)
    library_id = fields.CharField(max_length=26)
    way = fields.CharField(max_length=10)  # delivery, collection
    place = fields.CharField(max_length=120, default="")  # collection: where
    weekday = fields.IntField()  # Monday 0
    opens = fields.IntField()  # minutes since midnight
    closes = fields.IntField()
    capacity = fields.IntField()
    active = fields.BooleanField(default=True)

    class Meta:
        table = "slot"
        indexes = [Index(fields=("library_id", "way", "weekday"), name="slot_library")]


class SlotDay(Model):
    """How many orders have chosen a slot on a day: the counter that bounds it."""

    id = fields.CharField(primary_key=True, max_length=40)  # slot / day
    slot_id = fields.CharField(max_length=26)
    day = fields.CharField(max_length=10)  # ISO date in the installation's zone
    taken = fields.IntField(default=0)

    class Meta:
        table = "slot_day"


class LoanOrder(Model):
    """One order. ``state`` and the lines' states are what the fold of its events says, kept for lists.

    ``events`` is the number of its last event: the topic order/<id> counts with it, house events take it too.
    """

    id = fields.CharField(primary_key=True, max_length=26)
    number = fields.CharField(max_length=20, unique=True)  # for people and barcodes
    client_id = fields.CharField(max_length=60, unique=True)  # a double click orders once
    reader_id = fields.CharField(max_length=26)
    library_id = fields.CharField(max_length=26)  # the reader's
    name = fields.CharField(max_length=60)
    phone = fields.CharField(max_length=30, default="")
    mail = fields.CharField(max_length=200, default="")
    language = fields.CharField(max_length=5)
    way = fields.CharField(max_length=10)  # delivery, collection
    address = fields.CharField(max_length=400, default="")
    slot_id = fields.CharField(max_length=26, default="")
    slot_day = fields.CharField(max_length=10, default="")
    slot_text = fields.CharField(max_length=200, default="")
    coupon_id = fields.CharField(max_length=26, default="")
    postage_cents = fields.IntField(default=0)  # shown and recorded, collected by the courier
    note = fields.CharField(max_length=500, default="")
    state = fields.CharField(max_length=20)
    why_review = fields.CharField(max_length=200, default="")  # what people have to look at; words' keys
    reason = fields.CharField(max_length=500, default="")  # of a refusal or cancellation
    policy_id = fields.CharField(max_length=16)  # the values in force when it was placed
    events = fields.IntField(default=0)
    house_events = fields.IntField(default=0)
    placed_at = fields.BigIntField()
    dispatch_due_at = fields.BigIntField()  # R-LOAN.3
    calendar_provisional = fields.BooleanField(default=False)
    dispatched_at = fields.BigIntField(null=True)
    closed_at = fields.BigIntField(null=True)
    anonymised_at = fields.BigIntField(null=True)

    class Meta:
        table = "loan_order"
        indexes = [
            Index(fields=("reader_id", "placed_at"), name="loan_order_reader"),
            Index(fields=("state", "placed_at", "id"), name="loan_order_state"),
            Index(fields=("library_id", "placed_at"), name="loan_order_library"),
        ]


class LoanLine(Model):
    """One item of an order, item, store and command are those of the attempt in force."""

    id = fields.CharField(primary_key=True, max_length=26)
    order_id = fields.CharField(max_length=26)
    position = fields.IntField()
    record_id = fields.BigIntField()
    title = fields.CharField(max_length=300)
    authors = fields.CharField(max_length=200, default="")
    state = fields.CharField(max_length=20)
    store_id = fields.CharField(max_length=26, default="")
    item_id = fields.CharField(max_length=26, default="")
    barcode = fields.CharField(max_length=30, default="")
    location = fields.CharField(max_length=40, default="")
    command_id = fields.CharField(max_length=26, default="")
    parcel_id = fields.CharField(max_length=26, default="")
    attempts = fields.IntField(default=0)
    stage_at = fields.BigIntField()  # since when it is in this state
    lent_at = fields.BigIntField(null=True)
    due_at = fields.BigIntField(null=True)
    renewals = fields.IntField(default=0)
    ended_at = fields.BigIntField(null=True)

    class Meta:
        table = "loan_line"
        indexes = [
            Index(fields=("order_id", "position"), name="loan_line_order"),
            Index(fields=("store_id", "state", "location"), name="loan_line_work"),
            Index(fields=("state", "due_at"), name="loan_line_due"),
            Index(fields=("command_id",), name="loan_line_command"),
            Index(fields=("item_id",), name="loan_line_item"),
        ]


class OrderEvent(Model):
    """One fact about an order, from the house, a device or a courier, the state is a fold over them, sorted.

    ``number`` is the order of arrival, gapless within the order: the topic's number, never the fold's. ``at`` is the
    source's own time (0 when it gave none), ``received_at`` ours, kept with the first copy.
    """

    id = fields.CharField(primary_key=True, max_length=26)
    order_id = fields.CharField(max_length=26)
    number = fields.IntField()
    source = fields.CharField(max_length=60)  # house, device:<id>, courier:<waybill>
    epoch = fields.CharField(max_length=40, default="")
    sequence = fields.BigIntField(default=0)
    body_hash = fields.CharField(max_length=40, default="")
    kind = fields.CharField(max_length=20)
    line_id = fields.CharField(max_length=26, default="")
    command_id = fields.CharField(max_length=26, default="")
    data = fields.TextField(default="")  # JSON object
    at = fields.BigIntField(default=0)
    received_at = fields.BigIntField()
    actor_id = fields.CharField(max_length=26, default="")
    public = fields.BooleanField(default=True)

    class Meta:
        table = "order_event"


class Parcel(Model):
    """What the courier carries: to a reader (out), or from one (back)."""

    id = fields.CharField(primary_key=True, max_length=26)
    order_id = fields.CharField(max_length=26, db_index=True)
    store_id = fields.CharField(max_length=26)
    direction = fields.CharField(max_length=4)  # out, back
    state = fields.CharField(max_length=20)  # packed, labelled, booked, handed_over, delivered, refused, …
    courier = fields.CharField(max_length=30, default="")
    waybill = fields.CharField(max_length=60, default="", db_index=True)
    batch_id = fields.CharField(max_length=26, default="")
    items = fields.IntField(default=0)
    pickup = fields.CharField(max_length=400, default="")  # back: where and when the courier fetches it
    made_at = fields.BigIntField()
    handed_at = fields.BigIntField(null=True)
    signed_at = fields.BigIntField(null=True)
    confirm_due_at = fields.BigIntField(null=True)  # back: R-LOAN.4
    confirmed_at = fields.BigIntField(null=True)
    track_at = fields.BigIntField(null=True)  # of the last word of the courier, by its own clock

    class Meta:
        table = "parcel"
        indexes = [Index(fields=("store_id", "direction", "state", "made_at"), name="parcel_work")]


class ScanRecord(Model):
    """A scan at a pick place: what was expected and what came, by which accuracy is computed (R-LOAN.5)."""

    id = fields.CharField(primary_key=True, max_length=26)
    store_id = fields.CharField(max_length=26)
    order_id = fields.CharField(max_length=26)
    line_id = fields.CharField(max_length=26)
    step = fields.CharField(max_length=10)  # pick, pack, receive, put_back
    expected = fields.CharField(max_length=30)
    scanned = fields.CharField(max_length=60)
    right = fields.BooleanField()
    staff_id = fields.CharField(max_length=26)
    at = fields.BigIntField()

    class Meta:
        table = "scan_record"
        indexes = [
            Index(fields=("store_id", "at"), name="scan_store"),
            Index(fields=("order_id",), name="scan_order"),
        ]
