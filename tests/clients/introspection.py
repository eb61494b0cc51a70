"""A resource server that introspects, made of Flask and Authlib.

It verifies nothing itself: Authlib's IntrospectTokenValidator sends each token to
POST /introspect, with the client's credentials by HTTP Basic (RFC 7662).

Reads from the environment: API_URL, CLIENT_ID, CLIENT_SECRET (gatehouse clients
create), and three access tokens: ACCESS_TOKEN (valid, scope profile), REVOKED_TOKEN
and, as a caller that introspects with its own token, ADMIN_TOKEN. Exits with 1 and
says why if any of the resource server's responses is not the expected one.
"""

import os
import sys

import requests
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from flask import Flask, jsonify

API_URL = os.environ["API_URL"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]


class GatehouseIntrospector(IntrospectTokenValidator):
    def introspect_token(self, token_string):
        response = requests.post(
            f"{API_URL}/introspect",
            data={"token": token_string},
            auth=(CLIENT_ID, CLIENT_SECRET),
            timeout=5,
        )
        response.raise_for_status()
        return response.json()


require_oauth = ResourceProtector()
require_oauth.register_token_validator(GatehouseIntrospector())
app = Flask(__name__)


@app.get("/report")
@require_oauth("profile")
def report():
    return jsonify(sub=current_token["sub"])


@app.get("/secrets")
@require_oauth("no-such-scope")
def secrets():
    return jsonify()


def expect(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}: expected {expected}, got {actual}")


def resource_server():
    client = app.test_client()

    def status(path, token):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get(path, headers=headers).status_code

    expect("a valid token", status("/report", os.environ["ACCESS_TOKEN"]), 200)
    expect("a token without the scope", status("/secrets", os.environ["ACCESS_TOKEN"]), 403)
    expect("a revoked token", status("/report", os.environ["REVOKED_TOKEN"]), 401)
    expect("garbage", status("/report", "garbage"), 401)
    expect("no token", status("/report", None), 401)


def oauth_session():
    """Authlib's own client of the endpoint, configured from the discovery document."""
    metadata = requests.get(
        f"{API_URL}/.well-known/oauth-authorization-server", timeout=5
    ).json()
    methods = metadata["introspection_endpoint_auth_methods_supported"]
    expect("the methods", methods, ["client_secret_basic", "Bearer"])
    # The document names the issuer's URL, which may be another one than API_URL.
    endpoint = metadata["introspection_endpoint"].replace(metadata["issuer"], API_URL)
    for method, expected in [("client_secret_basic", 200), ("client_secret_post", 401)]:
        session = OAuth2Session(
            CLIENT_ID, CLIENT_SECRET, token_endpoint_auth_method=method
        )
        answer = session.introspect_token(endpoint, token=os.environ["ACCESS_TOKEN"])
        expect(method, answer.status_code, expected)
    answer = requests.post(
        endpoint,
        data={"token": os.environ["ACCESS_TOKEN"]},
        headers={"Authorization": f"bearer {os.environ['ADMIN_TOKEN']}"},
        timeout=5,
    )
    expect("an access token as the credential", answer.json()["active"], True)


if __name__ == "__main__":
    resource_server()
    oauth_session()
    print("introspection: ok")
