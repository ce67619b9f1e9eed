"""The only writers of people and organisations."""

from accounts.commands.administration import (
    change_site_setting,
    decide_complaint,
    end_sessions,
    file_complaint,
    note_act,
    publish_legal_document,
    reinstate_person,
    reset_second_factor,
    retry_delivery,
    send_test_mail,
    set_quota,
    set_staff,
    suspend_person,
)
from accounts.commands.invitations import accept_invitation, decline_invitation, invite, resend_invitation, withdraw_invitation
from accounts.commands.keys import add_signing_key, add_ssh_key, remove_signing_key, remove_ssh_key
from accounts.commands.members import remove_member, set_member, set_membership_visibility, transfer_ownership
from accounts.commands.organizations import (
    change_organization,
    create_organization,
    delete_organization,
    purge_organization,
    restore_organization,
)
from accounts.commands.people import create_user, prepare_social, register_person, slug_taken
from accounts.commands.phone import (
    confirm_phone,
    deliver_message,
    person_by_code,
    prove_by_phone,
    remove_phone,
    send_own_code,
    send_phone_code,
    send_sign_in_code,
)
from accounts.commands.profile import change_profile, delete_person, encode_avatar, export_person, rename_namespace, set_avatar
from accounts.commands.samples import sample_site
from accounts.commands.security import record_security_event
from accounts.commands.signing_in import give_back_sign_in, take_sign_in
from accounts.commands.teams import delete_team, save_team, set_team_member
from accounts.commands.tokens import create_token, note_token_use, revoke_token

__all__ = [
    "accept_invitation",
    "add_signing_key",
    "add_ssh_key",
    "change_organization",
    "change_profile",
    "change_site_setting",
    "confirm_phone",
    "create_organization",
    "create_token",
    "create_user",
    "decide_complaint",
    "decline_invitation",
    "delete_organization",
    "delete_person",
    "delete_team",
    "deliver_message",
    "encode_avatar",
    "end_sessions",
    "export_person",
    "file_complaint",
    "give_back_sign_in",
    "invite",
    "note_act",
    "note_token_use",
    "person_by_code",
    "prepare_social",
    "prove_by_phone",
    "publish_legal_document",
    "purge_organization",
    "record_security_event",
    "register_person",
    "reinstate_person",
    "remove_member",
    "remove_phone",
    "remove_signing_key",
    "remove_ssh_key",
    "rename_namespace",
    "resend_invitation",
    "reset_second_factor",
    "restore_organization",
    "retry_delivery",
    "revoke_token",
    "sample_site",
    "save_team",
    "send_own_code",
    "send_phone_code",
    "send_sign_in_code",
    "send_test_mail",
    "set_avatar",
    "set_member",
    "set_membership_visibility",
    "set_quota",
    "set_staff",
    "set_team_member",
    "slug_taken",
    "suspend_person",
    "take_sign_in",
    "transfer_ownership",
    "withdraw_invitation",
]
