"""
``manage.py office_users``: make the users of the example (建立示例用户), all with the password that is given.
"""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand

from letters.models import Clerk
from letters.people import AUDITORS

USERS = {
    "desk": ("p-102", "transport_leading_group_office.clerk"),
    "bridge": ("p-206", "bridge_bureau.officer"),
}
"""Posts of the shipped example directory."""


class Command(BaseCommand):
    """Make the users of the example (建立示例用户)."""

    help = "建立示例用户 desk、bridge、auditor(管理后台) / make the users of the example"

    def add_arguments(self, parser):
        """Take the password (参数)."""
        parser.add_argument("password", help="口令 / password")

    def handle(self, *, password, **_):
        """Make them, or give them the password anew."""
        for name, (person, post) in USERS.items():
            Clerk.objects.update_or_create(person=person, defaults={"user": self._user(name, password), "post": post})
        auditor = self._user("auditor", password, is_staff=True, is_superuser=True)
        auditor.groups.add(Group.objects.get_or_create(name=AUDITORS)[0])
        self._user("visitor", password, is_staff=True)
        self.stdout.write("已建立用户:desk、bridge、auditor、visitor")

    def _user(self, name, password, **parts):
        user, _ = get_user_model().objects.update_or_create(username=name, defaults=parts)
        user.set_password(password)
        user.save()
        return user
