from billing.admin import calls, money, online, phrases, proof, switches, topups

__all__ = ["calls", "money", "online", "phrases", "proof", "switches", "topups"]
