"""What this app puts into named places."""

from accounts.places import PersonalRows, personal_rows

personal_rows.add(
    PersonalRows(
        "activity.Hook.owner", keeps="the repository's or the organization's", section="webhooks",
        columns=("repository__namespace__slug", "repository__name", "organization__namespace__slug", "address_shown", "events", "created_at"),
    )
)  # fmt: skip
