"""
Login mapped to the flow (登录用户与经办人的对应): who acts in a request, and as whom it looks at the log.
"""

from letters.models import Clerk
from zhiwen_flow import Actor, Viewer
from zhiwen_flow.integrations.django.flows import loaded

AUDITORS = "审计"
"""Group whose members audit (审计组)."""


def current_actor(request):
    """Give the actor of a request (当前经办人); None for who is not signed in, or holds no post."""
    clerk = _clerk(request)
    return Actor(id=clerk.person, post=clerk.post) if clerk is not None else None


def current_viewer(request):
    """Give the viewer of a request (当前查看人): auditors see verdicts about persons, others what their organ did."""
    if request.user.groups.filter(name=AUDITORS).exists():
        return Viewer(auditor=True)
    clerk = _clerk(request)
    post = loaded().definitions.rules.directory.post(clerk.post) if clerk is not None else None
    return Viewer(organ=post.organ if post is not None else None)


def _clerk(request):
    if not request.user.is_authenticated:
        return None
    return Clerk.objects.filter(user=request.user).first()
