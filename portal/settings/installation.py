"""What this installation is called, where people reach it, and the keys it signs with."""

from pathlib import Path

from environs import validate

from portal.environment import env, is_web_url, names_a_host

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", validate=validate.Length(min=1 if DEBUG else 32))
# What was encrypted or signed under these still opens; nothing new is.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
PORT = env.int("PORT", 8000, validate=validate.Range(1, 65535))
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1"], validate=names_a_host)
# The address people type: it decides links in mail and whether cookies are for HTTPS alone.
PUBLIC_URL = env.str(
    "PUBLIC_URL",
    f"http://localhost:{PORT}" if DEBUG else f"https://{ALLOWED_HOSTS[0].lstrip('.')}",
    validate=is_web_url,
).rstrip("/")
HTTPS = PUBLIC_URL.startswith("https://")
PORTAL_NAME = env.str("PORTAL_NAME", "Voice portal")
# How many proxies stand in front, each of which adds to X-Forwarded-For.
BEHIND_PROXY = env.int("BEHIND_PROXY", 0, validate=validate.Range(0, 10))
