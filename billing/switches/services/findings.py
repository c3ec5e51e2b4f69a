"""What can be found out about the way to a switch, in words for the operator who connects it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from billing.lib.reasons import Reason


class Finding(Reason):
    """What was found out about the way to a switch, good and bad."""

    ANSWERS = "way.answers", _("It answers at %(address)s, as it is set.")
    ANSWERS_ELSEWHERE = "way.answers_elsewhere", _("It answers at %(address)s: nothing else that was tried did.")
    TRIAL_DIRECTORY = "way.trial_directory", _("This directory is the one for trying things out.")
    CONTENT_TYPE = "way.content_type", _("It takes requests as %(type)s: it could not read %(other)s.")
    SPEAKS_TLS = "way.speaks_tls", _("It speaks TLS at this port: https:// was chosen.")
    WANTS_FIELDS = (
        "way.wants_fields",
        _(
            "It answers, but refuses even a harmless question, with code %(code)s: this build may want fields of its "
            "own in every body, such as a user and a password (--extra-body FILE)."
        ),
    )
    BLOCKED = (
        "way.blocked",
        _(
            "It does not let this machine's address in: %(address)s answers with HTTP 403. Add the address on the "
            "switch, under Interface Management > Web Access Control."
        ),
    )
    NO_DIRECTORY = (
        "way.no_directory",
        _(
            "A web server answers, but the interface is at none of the directories that were tried (%(tried)s). It "
            "may have been renamed: ask the operator, and give --directory."
        ),
    )
    UNREADABLE = (
        "way.unreadable",
        _("Something answers at %(address)s, but nothing that can be read: it may not be the switch's interface."),
    )
    OLDER = (
        "way.older",
        _(
            "It has the older interface alone, with pages and a login under %(directory)s. The portal does not speak "
            "it: the switch has to be updated."
        ),
    )
    NOT_REACHED = "way.not_reached", _("No connection to %(place)s: the address, the port or a firewall is wrong.")
    OUT_OF_REACH = "way.out_of_reach", _("The address of %(place)s is none that SWITCH_NETWORKS lets the portal ask.")
    NO_ANSWER = "way.no_answer", _("%(place)s took the request and did not answer it.")
    NO_TLS = "way.no_tls", _("%(place)s speaks no TLS: give its port for https://, or an address with http://.")
    WRONG_PIN = (
        "way.wrong_pin",
        _(
            "The certificate is another one than was pinned. It is shown with the fingerprint %(shown)s: pin this one "
            "only if the switch itself says the same."
        ),
    )
    NO_PIN = (
        "way.no_pin",
        _(
            "No authority vouches for its certificate, which is shown with the fingerprint %(shown)s. Compare it with "
            "what the switch itself says, then give --fingerprint with https://."
        ),
    )


class TimeFinding(Reason):
    """What was found out about a switch's clock and its time zone."""

    CLOCK_AGREES = "time.clock_agrees", _("Its clock agrees with ours.")
    CLOCK_AHEAD = "time.clock_ahead", _("Its clock is %(by)s ahead of ours: one of the two is wrong.")
    CLOCK_BEHIND = "time.clock_behind", _("Its clock is %(by)s behind ours: one of the two is wrong.")
    CLOCK_UNKNOWN = "time.clock_unknown", _("It does not say what time it is.")
    ZONE_FITS = (
        "time.zone_fits",
        _("Its answers fit the time zone %(zone)s. Others that would fit: %(others)s."),
    )
    ZONE_IMPOSSIBLE = (
        "time.zone_impossible",
        _(
            "%(zone)s cannot be its time zone: the payments and calls that it lists show that its local time is "
            "%(others)s."
        ),
    )
    ZONE_UNKNOWN = (
        "time.zone_unknown",
        _("It has no payment or call yet that would show whether %(zone)s is its time zone."),
    )
    REPORTS_ELSEWHERE = (
        "time.reports_elsewhere",
        _("Its daily reports do not begin at midnight in %(zone)s: its accounts may have zones of their own."),
    )
    ZONE_STAYS = (
        "time.zone_stays",
        _(
            "This stays %(kept)s: money and days that are kept of its accounts are in its calendar. To have it "
            "otherwise, add the switch by another name."
        ),
    )
