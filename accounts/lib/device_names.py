"""Names people's devices as they would, from what a browser says of itself in its User-Agent."""

from django.utils.translation import gettext as _

# The first that is found counts: most browsers also claim to be Chrome, and Chrome to be Safari.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "FxiOS": "Firefox",
    "Firefox": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def device_name(user_agent: str) -> str:
    """Return a name such as "Firefox on Windows"."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), _("Another browser"))
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), None)
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
