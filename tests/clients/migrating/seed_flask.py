"""Fills the database of the page's `before.py` with users, as the application would have.

Argument: the password of everyone. Checks that the old login works, so that the hashes
are those of a real application.
"""

import sys

from before import User, app, db
from werkzeug.security import generate_password_hash

PASSWORD = sys.argv[1]
METHODS = {"ada": "scrypt", "grace": "pbkdf2", "eve": "scrypt"}

with app.app_context():
    db.create_all()
    for username, method in METHODS.items():
        db.session.add(
            User(
                username=username,
                email=f"{username}@example.org",
                password_hash=generate_password_hash(PASSWORD, method=method),
                is_active=username != "eve",
                team=f"{username}'s team",
            )
        )
    db.session.commit()

client = app.test_client()
for username, expected in [("ada", 200), ("grace", 200), ("eve", 401)]:
    answer = client.post("/login", json={"username": username, "password": PASSWORD})
    assert answer.status_code == expected, (username, answer.get_json())
    if expected == 200:
        headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}
        assert client.get("/me", headers=headers).get_json()["team"] == f"{username}'s team"
