"""Single volumes as records name them: field 852 of MARC 21, the local field 905 of CNMARC."""

from server.domain.errors import Invalid
from server.domain.item_lists import MarcItem
from server.domain.labels import checked_code
from server.wire.marc_fields import Fields

_LOCATION_LIMIT = 40


def items_of(fields: Fields, *, unimarc: bool) -> tuple[MarcItem, ...]:
    """The volumes that a record names, once each; numbers that no bar code can carry are left out."""
    found: dict[str, MarcItem] = {}
    for field in fields.tagged("905" if unimarc else "852"):
        location = "" if unimarc else field.first("c").strip()[:_LOCATION_LIMIT]
        for text in field.all("b" if unimarc else "p"):
            try:
                barcode = checked_code(text)
            except Invalid:
                continue
            found.setdefault(barcode, MarcItem(barcode, location))
    return tuple(found.values())
