"""Addresses of the example (网址)."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from letters import views

urlpatterns = [
    path("", views.letters, name="letters"),
    path("new/", views.new, name="new"),
    path("letters/<int:pk>/", views.letter, name="letter"),
    path("login/", LoginView.as_view(template_name="letters/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
