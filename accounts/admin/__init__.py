from accounts.admin import people, trail

__all__ = ["people", "trail"]
