"""The loan service's values as an order keeps them: named by their content, in the same table as the pool's."""

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from server.domain.loan_policies import LoanPolicy, loan_policy_from
from server.store.rows import Reader, Transaction


async def keep_loan_policy(tx: Transaction, policy: LoanPolicy) -> str:
    """Keep these values for ever; returns the name of exactly these."""
    content = json.dumps(asdict(policy), ensure_ascii=False, sort_keys=True)
    policy_id = sha256(f"loan {content}".encode()).hexdigest()[:16]
    await tx.execute(
        "INSERT INTO task_policy_set (id, content) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        policy_id,
        content,
    )
    return policy_id


async def loan_policy(shelf: dict[str, Any], db: Reader, policy_id: str) -> LoanPolicy:
    """The values that an order was placed under. They never change, so each process reads them once."""
    known: dict[str, LoanPolicy] = shelf.setdefault("loan_policies", {})
    if policy_id not in known:
        row = await db.row("SELECT content FROM task_policy_set WHERE id = $1", policy_id)
        known[policy_id] = loan_policy_from(json.loads(row["content"])) if row else LoanPolicy()
    return known[policy_id]
