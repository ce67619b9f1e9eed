"""What hangs together, small acts on texts, files, templates, filters, many at once, boards."""

from django.urls import path

from issues.urls.threads import THREAD, R
from issues.views import attachments, boards, many, relating, starting, touches

urlpatterns = [
    path(f"{R}/issues/new/choose", starting.template_list, name="template_list"),
    path(f"{R}/issues/new/from/<str:key>", starting.issue_from, name="issue_from"),
    path(f"{R}/issues/files", attachments.file_attach, name="file_attach"),
    path("-/files/<uuid:key>/<str:file>", attachments.file_get, name="file_get"),
    path(f"{R}/issues/filters", many.filter_list, name="filter_list"),
    path(f"{R}/issues/filters/<int:pk>/delete", many.filter_delete, name="filter_delete"),
    path(f"{R}/<threads:kind>/many", many.thread_many, name="thread_many"),
    path(f"{R}/<threads:kind>/export.csv", many.thread_export, name="thread_export"),
    path(f"{THREAD}/pin", many.pin_order, name="pin_order"),
    path(f"{THREAD}/react", touches.text_react, name="text_react"),
    path(f"{THREAD}/task", touches.text_task, name="text_task"),
    path(f"{THREAD}/hide", touches.comment_hide, name="comment_hide"),
    path(f"{THREAD}/history", touches.text_history, name="text_history"),
    path(f"{THREAD}/relations", relating.thread_relations, name="thread_relations"),
    path(f"{R}/issues/<int:number>/transfer", relating.issue_transfer, name="issue_transfer"),
]
for base, of in ((R, boards.of_repository), ("-/orgs/<str:slug>", boards.of_organization)):
    urlpatterns += [
        path(f"{base}/boards", of(boards.board_list), name="board_list"),
        path(f"{base}/boards/new", of(boards.board_new), name="board_new"),
        path(f"{base}/boards/<int:number>", of(boards.board_view), name="board_view"),
        path(f"{base}/boards/<int:number>/move", of(boards.board_move), name="board_move"),
        path(f"{base}/boards/<int:number>/settings", of(boards.board_settings), name="board_settings"),
    ]
