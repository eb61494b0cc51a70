"""Logs in to Django's own session, as the admin site does, after the move.

Argument: the password of everyone.
"""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
sys.path.insert(0, os.getcwd())
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402

PASSWORD = sys.argv[1]
# Gatehouse alone decides.
for user in get_user_model().objects.all():
    user.set_unusable_password()
    user.save()


def log_in(username, password):
    return Client().login(username=username, password=password)


assert log_in("grace", PASSWORD)
assert log_in("ada@example.org", PASSWORD)
assert not log_in("grace", "a wrong password")
assert not log_in("eve", PASSWORD), "she is disabled"
client = Client()
assert client.login(username="grace", password=PASSWORD)
assert client.get("/admin/", headers={"host": "localhost"}).status_code == 200
