from billing.admin import calls, changes, money, online, phrases, proof, switches, topups

__all__ = ["calls", "changes", "money", "online", "phrases", "proof", "switches", "topups"]
