"""What schemathesis cannot know: how to log in, and the id of a user that exists."""

import json
import os
import urllib.request

import schemathesis

URL = os.environ["API_URL"]
LOGIN = {"username": os.environ["API_USER"], "password": os.environ["API_PASSWORD"]}
OTHER_USER = os.environ["API_OTHER_USER"]
token = None


def log_in():
    request = urllib.request.Request(
        URL + "/login",
        json.dumps(LOGIN).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["access_token"]


# Without a cache: a token that a test has revoked must not be used again.
@schemathesis.auth(refresh_interval=None)
class AccessToken:
    def get(self, case, context):
        global token
        token = token or log_in()
        return token

    def set(self, case, data, context):
        case.headers["Authorization"] = "Bearer " + data


@schemathesis.hook
def after_call(context, case, response):
    """Logs in again after a logout, and after a change of the user's own account."""
    global token
    ended = case.operation.label == "POST /logout" and response.status_code == 204
    if ended or (response.status_code == 403 and b"Forbidden" in response.content):
        token = None


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Names a user that exists in every other request about one."""
    changes = ("GET", "PATCH", "POST")
    label = context.operation.label
    method, path = label.split(" ", 1)
    if path.startswith("/admin/users/{id}") and method in changes and path_parameters:
        if len(str(path_parameters.get("id", ""))) % 2 == 0:
            return {**path_parameters, "id": OTHER_USER}
    return path_parameters
