"""Feeds, activity pages, following."""

from django.urls import path

from activity.views import feed

urlpatterns = [
    path("-/feeds/<str:login>.atom", feed.person_feed, name="person_feed"),
    path("-/people/<str:login>/follow", feed.person_follow, name="person_follow"),
    path("-/people/<str:login>/follows", feed.person_follows, name="person_follows"),
    path("<str:namespace>/<str:name>/activity", feed.repository_activity, name="repository_activity"),
    path("<str:namespace>/<str:name>/activity.atom", feed.repository_feed, name="repository_feed"),
]
