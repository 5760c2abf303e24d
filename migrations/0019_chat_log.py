"""The numbers of a conversation move into a narrow row of their own: every message rewrites it, and the session's is wide."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.operations import RemoveField

MOVED = (
    "INSERT INTO chat_log (session_id, crew, open, last_seq, last_staff_seq)"
    " SELECT id, crew, state IN ('queued', 'offered', 'active'), last_seq, last_staff_seq FROM chat_session"
)
_GIVEN = """
    session_ids text[], crews int[], client_ids text[], author_kinds text[], author_ids text[], author_names text[],
    kinds text[], bodies text[], datas text[], ats bigint[]
"""
_TAKE = """
        UPDATE chat_log SET last_seq = last_seq + 1
            WHERE session_id = session_ids[i] AND crew = crews[i] AND open
            RETURNING last_seq INTO taken;
"""
# As in 0007 and 0002, where it is told what they do and why.
CHAT_APPEND_NEW = f"""
CREATE OR REPLACE FUNCTION chat_append_new({_GIVEN}) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
    seqs bigint[] := '{{}}';
BEGIN
    FOR i IN 1 .. cardinality(session_ids) LOOP
        {_TAKE}
        seqs[i] := taken;
    END LOOP;
    INSERT INTO chat_event (session_id, audience, seq, kind, author_kind, author_id, author_name, client_id, body,
                            data, at)
        SELECT m.session_id, 'all', m.seq, m.kind, m.author_kind, m.author_id, m.author_name, m.client_id, m.body,
               m.data, m.at
        FROM unnest(session_ids, seqs, kinds, author_kinds, author_ids, author_names, client_ids, bodies, datas, ats)
            AS m (session_id, seq, kind, author_kind, author_id, author_name, client_id, body, data, at)
        WHERE m.seq IS NOT NULL;
    RETURN seqs;
END $$
"""
CHAT_APPEND = f"""
CREATE OR REPLACE FUNCTION chat_append({_GIVEN})
RETURNS TABLE (outcome int, seq bigint, at bigint) LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
BEGIN
    FOR i IN 1 .. cardinality(session_ids) LOOP
        {_TAKE}
        IF FOUND THEN
            INSERT INTO chat_event (session_id, audience, seq, kind, author_kind, author_id, author_name, client_id,
                                    body, data, at)
                VALUES (session_ids[i], 'all', taken, kinds[i], author_kinds[i], author_ids[i], author_names[i],
                        client_ids[i], bodies[i], datas[i], ats[i])
                ON CONFLICT (session_id, client_id) DO NOTHING;
            IF FOUND THEN
                outcome := 0; seq := taken; at := ats[i];
                RETURN NEXT;
                CONTINUE;
            END IF;
            UPDATE chat_log SET last_seq = last_seq - 1 WHERE session_id = session_ids[i];
        END IF;
        SELECT 1, e.seq, e.at INTO outcome, seq, at FROM chat_event e
            WHERE e.session_id = session_ids[i] AND e.client_id = client_ids[i];
        IF NOT FOUND THEN
            seq := 0; at := 0;
            PERFORM 1 FROM chat_log l WHERE l.session_id = session_ids[i] AND l.open;
            outcome := CASE WHEN FOUND THEN 2 ELSE 3 END;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$
"""


class DropColumns(RemoveField):
    """Both databases drop a column in place (SQLite from 3.35 on), where Tortoise would remake SQLite's table."""

    NAMES = ("crew", "last_seq", "last_staff_seq")

    def state_forward(self, app_label, state) -> None:
        for name in self.NAMES:
            RemoveField(self.model_name, name).state_forward(app_label, state)

    async def database_forward(self, app_label, old_state, new_state, state_editor=None) -> None:
        for name in self.NAMES if state_editor else ():
            await state_editor.client.execute_script(f"ALTER TABLE chat_session DROP COLUMN {name}")


async def forward(apps, editor) -> None:
    await editor.client.execute_script(MOVED)
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_script(CHAT_APPEND_NEW)
        await editor.client.execute_script(CHAT_APPEND)
        # Room for the next number on the same page (HOT updates); the session's own row is rewritten seldom now.
        await editor.client.execute_script("ALTER TABLE chat_log SET (fillfactor = 50)")
        await editor.client.execute_script("ALTER TABLE chat_session SET (fillfactor = 80)")


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0018_loan_titles")]
    operations = [
        ops.CreateModel(
            name="ChatLog",
            fields=[
                ("session_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("crew", fields.IntField(default=0)),
                ("open", fields.BooleanField(default=True)),
                ("last_seq", fields.BigIntField(default=0)),
                ("last_staff_seq", fields.BigIntField(default=0)),
            ],
            options={
                "table": "chat_log",
                "app": "shuqiao",
                "pk_attr": "session_id",
                "table_description": "What each message of a conversation changes: a narrow row, so that this costs little.",
            },
            bases=["Model"],
        ),
        ops.RunPython(forward, ops.RunPython.noop),
        DropColumns(model_name="ChatSession", name="crew"),
    ]
