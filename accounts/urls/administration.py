"""`/-/admin/…`, legal pages, complaints."""

from django.urls import path

from accounts.views import administration as views

urlpatterns = [
    path("-/admin", views.admin_home, name="admin_home"),
    path("-/admin/growth", views.admin_growth, name="admin_growth"),
    path("-/admin/people", views.admin_people, name="admin_people"),
    path("-/admin/people/<str:login>", views.admin_person, name="admin_person"),
    path("-/admin/organizations", views.admin_organizations, name="admin_organizations"),
    path("-/admin/organizations/<str:slug>", views.admin_organization, name="admin_organization"),
    path("-/admin/queue", views.admin_queue, name="admin_queue"),
    path("-/admin/queue/<int:pk>/retry", views.admin_retry, name="admin_retry"),
    path("-/admin/settings", views.admin_settings, name="admin_settings"),
    path("-/admin/audit", views.admin_audit, name="admin_audit"),
    path("-/admin/legal", views.admin_legal, name="admin_legal"),
    path("-/admin/complaints", views.admin_complaints, name="admin_complaints"),
    path("-/admin/complaints/<str:number>", views.admin_complaint, name="admin_complaint"),
    path("-/legal/<str:kind>", views.legal_page, name="legal_page"),
    path("-/complaint", views.complaint_new, name="complaint_new"),
    path("-/complaint/register", views.complaint_register, name="complaint_register"),
]
