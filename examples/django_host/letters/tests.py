"""
The host's own tests (宿主自己的测试), run by `manage.py test`: each test is a transaction that is rolled back.
"""

from io import StringIO

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import RequestFactory, TestCase
from django.urls import reverse

from letters.models import Letter
from zhiwen_flow.integrations.django.flows import flow
from zhiwen_flow.overdue import key_of

FILED = {"channel": "email", "content": "8月15日上午窗口无人", "anonymous": "true", "accused_unit": "bridge_bureau"}


class LetterTests(TestCase):
    """One letter, from the register to the unit that handles it."""

    @classmethod
    def setUpTestData(cls):
        call_command("office_users", "secret", stdout=StringIO())

    def sign_in(self, name):
        self.client.force_login(get_user_model().objects.get(username=name))

    def file(self, number="信访〔2011〕17号"):
        answer = self.client.post(reverse("new"), {"number": number, "title": "窗口无人值守", **FILED}, follow=True)
        self.assertContains(answer, "已登记:")
        return Letter.objects.get(number=number)

    def ask(self, letter, trigger, **form):
        told = {"trigger": trigger, **{f"{trigger}-{name}": each for name, each in form.items()}}
        return self.client.post(reverse("letter", args=[letter.pk]), told, follow=True)

    def instance(self, letter):
        request = RequestFactory().get("/")
        return flow(request).find("complaint", letter.number)

    def test_a_letter_is_filed_and_assigned(self):
        """The row and the instance go together, and the number names both."""
        self.sign_in("desk")
        letter = self.file()
        self.assertEqual(self.instance(letter).state, "registered")
        self.assertContains(self.ask(letter, "classify", lead_class="inquiry"), "已办理:分类")
        self.ask(letter, "accept")
        self.ask(letter, "assign", disposal="assign_down", handling_unit="bridge_bureau", abstract="摘要1号")
        self.assertEqual(self.instance(letter).state, "assigned")
        letter.refresh_from_db()
        self.assertEqual(letter.steps, 3)
        self.assertContains(self.client.get(reverse("letters")), "已分办")

    def test_a_refusal_says_why_and_who_could(self):
        """Nothing moves; the page shows the reasons, the rule and the remedy."""
        self.sign_in("desk")
        letter = self.file()
        self.sign_in("bridge")
        answer = self.ask(letter, "classify", lead_class="inquiry")
        self.assertContains(answer, "不予办理:分类")
        self.assertContains(answer, "怎么办:")
        self.assertContains(answer, "省直机关方案 二(三)3")
        self.assertEqual(self.instance(letter).state, "registered")
        letter.refresh_from_db()
        self.assertEqual(letter.steps, 0)

    def test_what_does_not_fit_is_told_at_the_form(self):
        """An unknown organ is no refusal but a form to fill again."""
        self.sign_in("desk")
        letter = self.file()
        self.ask(letter, "classify", lead_class="inquiry")
        self.ask(letter, "accept")
        answer = self.ask(letter, "assign", disposal="assign_down", handling_unit="nowhere", abstract="摘要1号")
        self.assertContains(answer, "nowhere")
        self.assertEqual(self.instance(letter).state, "accepted")

    def test_a_number_is_given_once(self):
        """The second is told; there is one row, and one instance."""
        self.sign_in("desk")
        letter = self.file()
        again = self.client.post(reverse("new"), {"number": letter.number, "title": "又一件", **FILED})
        self.assertContains(again, "已用过")
        self.assertEqual(Letter.objects.count(), 1)

    def test_a_form_sent_twice_is_done_once(self):
        """The key of the form makes the second the stored answer of the first."""
        self.sign_in("desk")
        letter = self.file()
        told = {"trigger": "classify", "classify-lead_class": "inquiry", "key": "form-1"}
        for _ in range(2):
            self.client.post(reverse("letter", args=[letter.pk]), told)
        letter.refresh_from_db()
        self.assertEqual((letter.steps, self.instance(letter).version), (1, 2))

    def test_nobody_spends_the_key_of_a_deadline(self):
        """A key that was made up cannot keep the step from being taken that follows when a deadline ends."""
        self.sign_in("desk")
        letter = self.file()
        stream = self.instance(letter).id
        running = flow(RequestFactory().get("/")).store.running(stream)
        key = key_of(running)
        told = {"trigger": "classify", "classify-lead_class": "inquiry", "key": key}
        self.client.post(reverse("letter", args=[letter.pk]), told)
        self.assertEqual(self.instance(letter).state, "classified")
        self.assertIsNone(flow(RequestFactory().get("/")).store.answer(key))

    def test_who_holds_no_post_may_not_act(self):
        """Signed in, but nobody to the flow: 403; not signed in: to the login."""
        self.assertRedirects(self.client.get(reverse("letters")), "/login/?next=/")
        self.sign_in("visitor")
        self.assertEqual(self.client.post(reverse("new"), {"number": "1", "title": "2", **FILED}).status_code, 403)
        self.assertEqual(Letter.objects.count(), 0)

    def test_nothing_is_left_of_another_test(self):
        """Every test began with an empty log: what they wrote was rolled back."""
        self.assertEqual(flow(RequestFactory().get("/")).events(), ())
