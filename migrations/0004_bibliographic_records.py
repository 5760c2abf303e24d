"""Bibliographic records, and the words by which they are found in each kind of database."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

# A catalogue's record is known again by its control number.
ONCE = (
    "CREATE UNIQUE INDEX bibliographic_record_once"
    " ON bibliographic_record (library_id, source, control_number)"
)

# One column of words, put in lines by the product: the tokenizer only parts them at blanks. Numbers of rows are those
# of the records, so that the newest are found first; no places are kept, for nobody asks for phrases.
SQLITE_WORDS = """
CREATE VIRTUAL TABLE record_words USING fts5(words, detail=none, tokenize="ascii tokenchars ':+#='")
"""

POSTGRES_WORDS = """
CREATE TABLE record_words (record_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL);
CREATE INDEX record_words_words ON record_words USING gin (words) WITH (gin_pending_list_limit = 1024)
"""

# A word that half of all records have makes an index hand over millions of places to pick two hundred from. Each
# record has a word for its shelf of 16 384 ("b:7"): asked together with the newest two shelves, the commonest words
# cost what these shelves hold; what is rarer is asked for as it is. Only the GIN index may be used: the planner takes
# words that are common each for common together, and would read the whole table for them.
POSTGRES_HITS = """
CREATE FUNCTION record_hits(asked text, most int, newest bigint) RETURNS bigint[] LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    shelves text := format(' & (''b:%s'' | ''b:%s'')', newest >> 14, (newest >> 14) - 1);
    hits bigint[];
BEGIN
    hits := ARRAY(SELECT record_id FROM record_words WHERE words @@ (asked || shelves)::tsquery LIMIT most);
    IF cardinality(hits) < most THEN
        hits := ARRAY(SELECT record_id FROM record_words WHERE words @@ asked::tsquery LIMIT most);
    END IF;
    RETURN hits;
END $$
"""


async def forward(apps, editor) -> None:
    await editor.client.execute_script(ONCE)
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_script(POSTGRES_WORDS)
        await editor.client.execute_script(POSTGRES_HITS)
    else:
        await editor.client.execute_script(SQLITE_WORDS)


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0003_task_pool")]

    operations = [
        ops.CreateModel(
            name="BibliographicRecord",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("library_id", fields.CharField(max_length=26)),
                ("source", fields.CharField(default="", max_length=40)),
                ("control_number", fields.CharField(max_length=100)),
                ("kind", fields.CharField(max_length=20)),
                ("serial", fields.BooleanField(default=False)),
                ("title", fields.TextField(unique=False)),
                ("other_titles", fields.TextField(default="", unique=False)),
                ("authors", fields.TextField(default="", unique=False)),
                ("container", fields.TextField(default="", unique=False)),
                ("publisher", fields.TextField(default="", unique=False)),
                ("date", fields.CharField(default="", max_length=40)),
                ("volume", fields.TextField(default="", unique=False)),
                ("edition", fields.TextField(default="", unique=False)),
                ("isbns", fields.TextField(default="", unique=False)),
                ("issn", fields.CharField(default="", max_length=9)),
                ("doi", fields.CharField(default="", max_length=250)),
                ("number", fields.TextField(default="", unique=False)),
                ("language", fields.CharField(default="", max_length=3)),
                ("subjects", fields.TextField(default="", unique=False)),
                ("class_number", fields.TextField(default="", unique=False)),
                ("match_key", fields.CharField(max_length=60)),
                ("updated_at", fields.BigIntField()),
            ],
            options={
                "table": "bibliographic_record",
                "app": "shuqiao",
                "indexes": [Index(fields=["match_key"], name="bibliographic_record_match")],
                "pk_attr": "id",
                "table_description": "One title of one library's catalogue, known again by its control number. Lists stand a line each.",
            },
            bases=["Model"],
        ),
        ops.RunPython(forward, ops.RunPython.noop),
    ]
