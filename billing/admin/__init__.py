from billing.admin import calls, money, online, proof, switches, topups

__all__ = ["calls", "money", "online", "proof", "switches", "topups"]
