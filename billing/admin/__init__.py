from billing.admin import backfills, calls, changes, money, online, phrases, proof, switches, topups

__all__ = ["backfills", "calls", "changes", "money", "online", "phrases", "proof", "switches", "topups"]
