"""Policy values that were in force once: what is kept under a name never changes, so that each is read once."""

from collections.abc import Collection

from server.context import Context
from server.domain.task_policies import TaskPolicy, policy_content
from server.store.consultations import keep_policy, policies_by_ids
from server.store.rows import Reader, Transaction

AT_HAND = 200


async def kept_policies(ctx: Context, db: Reader, policy_ids: Collection[str]) -> dict[str, TaskPolicy]:
    """The values kept under these names."""
    known: dict[str, TaskPolicy] = ctx.shelf.setdefault("task_policies", {})
    lacking = sorted({policy_id for policy_id in policy_ids if policy_id not in known})
    if lacking:
        found = await policies_by_ids(db, lacking)
        if db is ctx.db.read:
            _committed(ctx).update(found)
        known = known | found
        ctx.shelf["task_policies"] = known if len(known) <= AT_HAND else found
    return {policy_id: known[policy_id] for policy_id in policy_ids}


async def kept_policy(ctx: Context, db: Reader, policy_id: str) -> TaskPolicy:
    """The values kept under this name."""
    return (await kept_policies(ctx, db, [policy_id]))[policy_id]


async def name_policy(ctx: Context, tx: Transaction, policy: TaskPolicy) -> str:
    """Keep these values for ever, unless they are; returns their name."""
    policy_id, _ = policy_content(policy)
    return policy_id if policy_id in _committed(ctx) else await keep_policy(tx, policy)


def _committed(ctx: Context) -> set[str]:
    """Names of values that are there for good; what a transaction sees may be rolled back with it."""
    names: set[str] = ctx.shelf.setdefault("task_policies_committed", set())
    return names
