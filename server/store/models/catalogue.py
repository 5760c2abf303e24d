"""The alliance's bibliographic records, as member libraries' catalogues give them."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class BibliographicRecord(Model):
    """One title of one library's catalogue, known again by its control number. Lists stand a line each.

    The words by which it is found stand in record_words, which the migration makes for each kind of database.
    """

    # A number, because the search side orders by it.
    id = fields.BigIntField(primary_key=True, generated=True)
    library_id = fields.CharField(max_length=26)
    source = fields.CharField(max_length=40, default="")  # which of the library's catalogues
    control_number = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=20)
    serial = fields.BooleanField(default=False)
    title = fields.TextField()
    other_titles = fields.TextField(default="")
    authors = fields.TextField(default="")
    container = fields.TextField(default="")
    publisher = fields.TextField(default="")
    date = fields.CharField(max_length=40, default="")
    volume = fields.TextField(default="")
    edition = fields.TextField(default="")
    isbns = fields.TextField(default="")
    issn = fields.CharField(max_length=9, default="")
    doi = fields.CharField(max_length=250, default="")
    number = fields.TextField(default="")
    language = fields.CharField(max_length=3, default="")
    subjects = fields.TextField(default="")
    class_number = fields.TextField(default="")
    match_key = fields.CharField(max_length=60)
    updated_at = fields.BigIntField()

    class Meta:
        table = "bibliographic_record"
        indexes = [Index(fields=("match_key",), name="bibliographic_record_match")]
