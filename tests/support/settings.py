"""The portal's settings but for passwords.

The real hash takes a third of a second by design, and nearly every test makes a person, or logs in through a browser.
"""

from portal.settings import *  # noqa: F403  # Django reads every setting from one module

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
