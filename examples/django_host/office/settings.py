"""
Settings of the example (示例设置). What matters to zhiwen_flow is marked by a comment.
"""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent


def database(url: str) -> dict[str, object]:
    """Read a URL, ``sqlite:///path`` or ``postgresql://…``, as Django's settings of a database (数据库设置)."""
    told = urlsplit(url)
    if told.scheme == "sqlite":
        # IMMEDIATE: a transaction that reads first takes the lock at once, and is not refused when it writes.
        options = {"transaction_mode": "IMMEDIATE", "timeout": 20}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///"), "OPTIONS": options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(told.path.removeprefix("/")),
        "USER": unquote(told.username or ""),
        "PASSWORD": unquote(told.password or ""),
        "HOST": unquote(told.hostname or ""),
        "PORT": str(told.port or ""),
        "OPTIONS": dict(parse_qsl(told.query)),
        "TEST": {"NAME": os.environ.get("OFFICE_TEST_DATABASE")},
    }


# Without a key of its own every start has a new one, and signs everybody out.
SECRET_KEY = os.environ.get("OFFICE_SECRET_KEY") or get_random_secret_key()
DEBUG = os.environ.get("OFFICE_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("OFFICE_HOSTS", "127.0.0.1,localhost").split(",")
ROOT_URLCONF = "office.urls"
WSGI_APPLICATION = "office.wsgi.application"
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "letters"
LOGOUT_REDIRECT_URL = "login"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "zhiwen_flow.integrations.django",  # the app
    "letters",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {"default": database(os.environ.get("OFFICE_DATABASE", f"sqlite:///{BASE_DIR / 'office.db'}"))}

# Who acts, who looks, and in whose name deadlines are acted on.
ZHIWEN_FLOW = {
    "ACTOR": "letters.people.current_actor",
    "VIEWER": "letters.people.current_viewer",
    "TICK_ACTOR": {"id": "deadline-clock", "post": "transport_leading_group_office.clerk"},
    "CALENDAR": "zhiwen_flow.workdays.ChinaCalendar",
}
