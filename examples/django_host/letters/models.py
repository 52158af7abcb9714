"""
The host's own rows (宿主自己的数据): the register of letters, and which user holds which post.
"""

from django.conf import settings
from django.db import models


class Letter(models.Model):
    """
    A letter in the register (信访件登记簿).

    Its number is the `business_id` of the instance; the state is asked of the flow and never kept here.
    """

    number = models.CharField("登记号", max_length=40, unique=True)
    title = models.CharField("标题", max_length=200)
    registered_at = models.DateTimeField("登记时间", auto_now_add=True)
    steps = models.PositiveIntegerField("办理次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "信访件"

    def __str__(self) -> str:
        return self.number


class Clerk(models.Model):
    """Who a user is to the flow (经办人): an opaque person id, and the post held (职务)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="用户")
    person = models.CharField("人员编号", max_length=40, unique=True)
    post = models.CharField("职务", max_length=100)

    class Meta:
        verbose_name = verbose_name_plural = "经办人"

    def __str__(self) -> str:
        return self.person
