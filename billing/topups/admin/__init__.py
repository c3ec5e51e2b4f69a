from billing.topups.admin import topups

__all__ = ["topups"]
