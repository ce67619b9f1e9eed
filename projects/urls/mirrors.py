"""Addresses about mirrors."""

from django.urls import path

from projects.views import mirror_desk, mirror_lists, mirror_moves, mirrors

urlpatterns = [
    path("-/mirrors/nominate", mirrors.nominate, name="mirror_nominate"),
    path("-/admin/mirrors", mirror_desk.desk, name="mirror_desk"),
    path("-/admin/mirrors/import", mirror_lists.hand_in, name="mirror_lists"),
    path("-/admin/mirrors/import/<int:pk>", mirror_lists.one, name="mirror_list"),
    path("-/admin/mirrors/import/<int:pk>/report.csv", mirror_lists.report, name="mirror_list_report"),
    path("-/admin/mirrors/moves", mirror_moves.moves, name="mirror_moves"),
    path("-/admin/mirrors/fill", mirror_desk.fill, name="mirror_fill"),
    path("-/admin/mirrors/act", mirror_desk.act, name="mirror_desk_act"),
    path("-/admin/nominations/<int:pk>", mirror_desk.decide, name="nomination_decide"),
    path("<str:namespace>/<str:name>/settings/upstream", mirrors.repository_upstream, name="repository_upstream"),
    path("<str:namespace>/<str:name>/mirror", mirrors.repository_mirror, name="repository_mirror"),
]
