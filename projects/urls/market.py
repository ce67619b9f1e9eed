"""Addresses of the market."""

from django.urls import path

from projects.views import market

urlpatterns = [path("market", market.market, name="market")]
