"""The only writers of repositories."""

from projects.commands.access import remove_collaborator, remove_team_access, set_collaborator, set_team_access
from projects.commands.adoption import Adopted, adopt_mirrors
from projects.commands.branches import create_branch, delete_branch, delete_tag, rename_branch
from projects.commands.bulk import forget_edits, preview_edit, request_edit, run_edit, undo_edit
from projects.commands.categories import (
    change_category,
    create_category,
    merge_category,
    move_category,
    remove_category,
    remove_tag,
    save_tag,
    shift_category,
    split_category,
)
from projects.commands.claims import Lane, claim_due
from projects.commands.counting import count_visits, forget_visits, note_visit, rate_rising
from projects.commands.creation import create_repository
from projects.commands.curation import (
    add_hot_owner,
    add_to_collection,
    arrange_member,
    decide_report,
    file_report,
    forget_reporters,
    remove_collection,
    remove_hot_owner,
    save_collection,
    settle_findings,
)
from projects.commands.deletion import UNDO, delete_repository, purge_repository, restore_repository
from projects.commands.edits import commit_files
from projects.commands.families import join_families, share_relatives
from projects.commands.forks import detach_fork, fork_repository, sync_fork
from projects.commands.hooks import remove_hook, renew_hook, take_delivery
from projects.commands.hosts import (
    add_token,
    change_api,
    change_host,
    remove_route,
    remove_token,
    retry_token,
    save_route,
    try_route,
    wake_host,
)
from projects.commands.imports import (
    discard_import,
    overdue_imports,
    renew_import,
    request_import,
    request_import_of_folder,
    retry_import,
    run_import,
)
from projects.commands.indexing import index_repository
from projects.commands.inspection import due_inspections, has_virus_scanner, inspect_mirror
from projects.commands.keys import add_deploy_key, remove_deploy_key
from projects.commands.labelling import draw_sample, label_item
from projects.commands.lanes import work_lane
from projects.commands.listing import list_mirrors
from projects.commands.listings import build_listing, request_listing
from projects.commands.maintenance import check_repositories, due_repositories, maintain_if_grown, maintain_repository
from projects.commands.metadata import hosts_to_ask, refresh_host
from projects.commands.mirror_keys import renew_mirror_key, trust_host_key
from projects.commands.mirrors import (
    ask_for_mirror,
    change_filters,
    decide_nomination,
    list_mirror,
    mirror_into,
    nominate,
    pause_mirror,
    resume_mirror,
    want_mirror,
)
from projects.commands.pools import leave_pool, measure_repository, renew_pool, sweep_pools
from projects.commands.promotion import follow_upstream, promote_mirror
from projects.commands.protections import delete_protection, save_protection
from projects.commands.purges import overdue_purges, request_purge, run_purge
from projects.commands.pushes import record_push, settle_intents
from projects.commands.refs import apply_updates
from projects.commands.releases import add_asset, asset_name, delete_release, note_download, remove_asset, save_release
from projects.commands.routing import router, write_route_health
from projects.commands.settings import (
    change_push_rules,
    change_repository,
    rename_repository,
    set_archived,
    set_default_branch,
    set_visibility,
    transfer_repository,
)
from projects.commands.sorting import (
    accept_group,
    accept_suggestions,
    change_suggesting,
    decline_suggestions,
    sort_automatically,
    undo_sorting,
)
from projects.commands.spools import forget_spools
from projects.commands.stars import star_repository, unstar_repository, watch_repository
from projects.commands.statistics import roll_up_mirrors
from projects.commands.statuses import create_check_run, set_house_check, set_status, update_check_run
from projects.commands.suggesting import ask_for_suggestions, suggest_categories
from projects.commands.syncing import drop_kept, sync_mirror
from projects.commands.takedown import put_back_repository, take_down_repository
from projects.commands.trust import assess_repository, due_assessments
from projects.commands.updates import update_repository

__all__ = [
    "UNDO",
    "Adopted",
    "Lane",
    "accept_group",
    "accept_suggestions",
    "add_asset",
    "add_deploy_key",
    "add_hot_owner",
    "add_to_collection",
    "add_token",
    "adopt_mirrors",
    "apply_updates",
    "arrange_member",
    "ask_for_mirror",
    "ask_for_suggestions",
    "assess_repository",
    "asset_name",
    "build_listing",
    "change_api",
    "change_category",
    "change_filters",
    "change_host",
    "change_push_rules",
    "change_repository",
    "change_suggesting",
    "check_repositories",
    "claim_due",
    "commit_files",
    "count_visits",
    "create_branch",
    "create_category",
    "create_check_run",
    "create_repository",
    "decide_nomination",
    "decide_report",
    "decline_suggestions",
    "delete_branch",
    "delete_protection",
    "delete_release",
    "delete_repository",
    "delete_tag",
    "detach_fork",
    "discard_import",
    "draw_sample",
    "drop_kept",
    "due_assessments",
    "due_inspections",
    "due_repositories",
    "file_report",
    "follow_upstream",
    "forget_edits",
    "forget_reporters",
    "forget_spools",
    "forget_visits",
    "fork_repository",
    "has_virus_scanner",
    "hosts_to_ask",
    "index_repository",
    "inspect_mirror",
    "join_families",
    "label_item",
    "leave_pool",
    "list_mirror",
    "list_mirrors",
    "maintain_if_grown",
    "maintain_repository",
    "measure_repository",
    "merge_category",
    "mirror_into",
    "move_category",
    "nominate",
    "note_download",
    "note_visit",
    "overdue_imports",
    "overdue_purges",
    "pause_mirror",
    "preview_edit",
    "promote_mirror",
    "purge_repository",
    "put_back_repository",
    "rate_rising",
    "record_push",
    "refresh_host",
    "remove_asset",
    "remove_category",
    "remove_collaborator",
    "remove_collection",
    "remove_deploy_key",
    "remove_hook",
    "remove_hot_owner",
    "remove_route",
    "remove_tag",
    "remove_team_access",
    "remove_token",
    "rename_branch",
    "rename_repository",
    "renew_hook",
    "renew_import",
    "renew_mirror_key",
    "renew_pool",
    "request_edit",
    "request_import",
    "request_import_of_folder",
    "request_listing",
    "request_purge",
    "restore_repository",
    "resume_mirror",
    "retry_import",
    "retry_token",
    "roll_up_mirrors",
    "router",
    "run_edit",
    "run_import",
    "run_purge",
    "save_collection",
    "save_protection",
    "save_release",
    "save_route",
    "save_tag",
    "set_archived",
    "set_collaborator",
    "set_default_branch",
    "set_house_check",
    "set_status",
    "set_team_access",
    "set_visibility",
    "settle_findings",
    "settle_intents",
    "share_relatives",
    "shift_category",
    "sort_automatically",
    "split_category",
    "star_repository",
    "suggest_categories",
    "sweep_pools",
    "sync_fork",
    "sync_mirror",
    "take_delivery",
    "take_down_repository",
    "transfer_repository",
    "trust_host_key",
    "try_route",
    "undo_edit",
    "undo_sorting",
    "unstar_repository",
    "update_check_run",
    "update_repository",
    "wake_host",
    "want_mirror",
    "watch_repository",
    "work_lane",
    "write_route_health",
]
