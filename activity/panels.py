"""What this app puts into named places."""

from django.utils.translation import gettext_lazy as _

from accounts.places import PersonalRows, personal_rows
from activity.queries import talk  # noqa: F401 - says what webhooks tell of issues and pull requests
from activity.queries.inbox import has_unread
from core.places import HeaderMark, header_marks
from projects.places import Tab, tabs

header_marks.add(HeaderMark(_("Notifications"), _("Notifications, some unread"), "bell", "/notifications", has_unread))

tabs.add(Tab("activity", _("Activity"), "activity", "/activity", lambda _actor, _repository: True), order=75)

_THING = ("kind", "object_id", "repository__namespace__slug", "repository__name")
for _rows in (
    PersonalRows(
        "activity.Hook.owner", keeps="the repository's or the organization's", section="webhooks",
        columns=("repository__namespace__slug", "repository__name", "organization__namespace__slug", "address_shown", "events", "created_at"),
    ),
    PersonalRows("activity.Notification.user", section="notifications", columns=(*_THING, "why", "what", "is_unread", "is_done", "is_saved", "updated_at")),
    PersonalRows("activity.Notification.by", keeps="the notified person's", untold="it tells others of what the export names elsewhere"),
    PersonalRows("activity.Round.by", keeps="others are told of it", untold="work that is over within a minute"),
    PersonalRows("activity.Letter.user", section="notification_mails", columns=("round__what", "round__kind", "round__object_id", "why", "state", "sent_at")),
    PersonalRows("activity.Preferences.user", section="notification_preferences", columns=("mail_own", "mail_watched", "digest_on")),
    PersonalRows("activity.Follow.follower", section="following", columns=("followed__username", "since")),
    PersonalRows("activity.Follow.followed", section="followers", columns=("follower__username", "since")),
    PersonalRows("activity.Act.by", section="acts", columns=("kind", "repository__namespace__slug", "repository__name", "facts", "at")),
):  # fmt: skip
    personal_rows.add(_rows)
