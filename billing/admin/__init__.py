from billing.admin import calls, money, proof, switches, topups

__all__ = ["calls", "money", "proof", "switches", "topups"]
