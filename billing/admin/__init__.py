from billing.admin import backfills, batches, calls, changes, exports, money, online, phrases, proof, switches, topups

__all__ = [
    "backfills",
    "batches",
    "calls",
    "changes",
    "exports",
    "money",
    "online",
    "phrases",
    "proof",
    "switches",
    "topups",
]
