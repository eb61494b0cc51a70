"""Fills a Django project with users, as the application would have.

Argument: the password of everyone. Runs in the project's folder, after `startproject`.
Writes `by_email.json` too: a dump of a project whose usernames are e-mail addresses.
"""

import json
import os
import sys

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
sys.path.insert(0, os.getcwd())
django.setup()

from django.contrib.auth import authenticate, get_user_model  # noqa: E402

PASSWORD = sys.argv[1]
users = get_user_model().objects
call_command("migrate", verbosity=0)
users.create_user("ada", "ada@example.org", PASSWORD)
users.create_superuser("grace", "grace@example.org", PASSWORD)
users.create_user("eve", "", PASSWORD, is_active=False)
users.create_user("guest", "")
assert authenticate(username="ada", password=PASSWORD)
assert not authenticate(username="eve", password=PASSWORD)

by_email = users.create_user("max@example.org", "", PASSWORD)
call_command("dumpdata", "auth.user", pks=str(by_email.pk), output="by_email.json")
by_email.delete()
with open("by_email.json", encoding="utf-8") as file:
    assert len(json.load(file)) == 1
