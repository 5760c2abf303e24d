"""What models cannot say: partial unique indexes, and PostgreSQL's function that numbers and stores chat messages."""

from tortoise import migrations
from tortoise.migrations import operations as ops

UNIQUE = (
    # One reader has one open session per desk, however often they click and on however many servers.
    "CREATE UNIQUE INDEX chat_session_one_open ON chat_session (desk_id, reader_key)"
    " WHERE state IN ('queued', 'offered', 'active')",
    "CREATE UNIQUE INDEX desk_staff_once ON desk_staff (desk_id, staff_id)",
    "CREATE UNIQUE INDEX desk_group_member_once ON desk_group_member (group_id, desk_id)",
    "CREATE UNIQUE INDEX role_grant_once ON role_grant (account_id, role, scope, scope_id)",
    "CREATE UNIQUE INDEX canned_phrase_once ON canned_phrase (level, owner_id, shortcut)",
    "CREATE INDEX chat_session_offered ON chat_session (offered_to) WHERE state = 'offered'",
)

# One round trip stores a whole batch. Each message takes its number by a conditional UPDATE, which also locks the
# session; a resend finds its first copy and gives the number back, so that numbers stay gapless.
CHAT_APPEND = """
CREATE FUNCTION chat_append(
    session_ids text[], crews int[], client_ids text[], author_kinds text[], author_ids text[], author_names text[],
    kinds text[], bodies text[], datas text[], ats bigint[]
) RETURNS TABLE (outcome int, seq bigint, at bigint) LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
BEGIN
    FOR i IN 1 .. cardinality(session_ids) LOOP
        UPDATE chat_session SET last_seq = last_seq + 1
            WHERE id = session_ids[i] AND crew = crews[i] AND state IN ('queued', 'offered', 'active')
            RETURNING last_seq INTO taken;
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
            UPDATE chat_session SET last_seq = last_seq - 1 WHERE id = session_ids[i];
        END IF;
        SELECT 1, e.seq, e.at INTO outcome, seq, at FROM chat_event e
            WHERE e.session_id = session_ids[i] AND e.client_id = client_ids[i];
        IF NOT FOUND THEN
            seq := 0; at := 0;
            PERFORM 1 FROM chat_session s
                WHERE s.id = session_ids[i] AND s.state IN ('queued', 'offered', 'active');
            outcome := CASE WHEN FOUND THEN 2 ELSE 3 END;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$
"""


async def forward(apps, editor) -> None:
    for statement in UNIQUE:
        await editor.client.execute_script(statement)
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_script(CHAT_APPEND)
        # Numbering rewrites the session row with every message: leave room for it on the same page (HOT updates).
        await editor.client.execute_script("ALTER TABLE chat_session SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0001_initial")]
    operations = [ops.RunPython(forward, ops.RunPython.noop)]
