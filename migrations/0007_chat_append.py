"""PostgreSQL stores a batch of new chat messages by one INSERT, at two thirds of the CPU."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# For the usual batch, in which every message is new. Each takes its number by a conditional UPDATE, which also locks the
# session, in the order given; then all are inserted at once. A number is null where the author has to be looked up
# again. A resend breaks the unique index and with it the whole call: nothing is stored, no number is lost, and
# chat_append takes the batch one by one.
CHAT_APPEND_NEW = """
CREATE FUNCTION chat_append_new(
    session_ids text[], crews int[], client_ids text[], author_kinds text[], author_ids text[], author_names text[],
    kinds text[], bodies text[], datas text[], ats bigint[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
    seqs bigint[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(session_ids) LOOP
        UPDATE chat_session SET last_seq = last_seq + 1
            WHERE id = session_ids[i] AND crew = crews[i] AND state IN ('queued', 'offered', 'active')
            RETURNING last_seq INTO taken;
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


async def forward(apps, editor) -> None:
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_script(CHAT_APPEND_NEW)


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0005_probes_and_deliveries")]
    operations = [ops.RunPython(forward, ops.RunPython.noop)]
