"""Runs the Python clients against a service and prints what each of them can do.

Standard input: {"issuer", "audience", "username", "password", "client_id",
"client_secret"}; the last two are a resource server's. Standard output:
{CLIENT: {CAPABILITY: "yes" or the error}}. Each client logs in for itself.
"""

import base64
import json
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata
from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from requests_oauthlib import OAuth2Session as RequestsSession

SERVICE = json.load(sys.stdin)
ISSUER = SERVICE["issuer"]


def log_in():
    body = {"username": SERVICE["username"], "password": SERVICE["password"]}
    response = requests.post(f"{ISSUER}/login", json=body, timeout=10)
    response.raise_for_status()
    return response.json()


def discovered(name="openid-configuration"):
    response = requests.get(f"{ISSUER}/.well-known/{name}", timeout=10)
    response.raise_for_status()
    return response.json()


def algorithm(token):
    return jwt.get_unverified_header(token)["alg"]


def is_accepted(token):
    headers = {"Authorization": f"bearer {token}"}
    return requests.get(f"{ISSUER}/protected", headers=headers, timeout=10).status_code == 200


def tampered(token):
    head, payload, signature = token.split(".")
    middle = bytearray(base64.urlsafe_b64decode(signature + "=="))
    middle[len(middle) // 2] ^= 1
    return ".".join([head, payload, base64.urlsafe_b64encode(middle).rstrip(b"=").decode()])


def refuses(verify, token):
    try:
        verify(tampered(token))
    except Exception:
        return True
    return False


def pyjwt_verify():
    keys = jwt.PyJWKClient(discovered()["jwks_uri"])

    def verify(token):
        key = keys.get_signing_key_from_jwt(token)
        return jwt.decode(token, key, algorithms=[algorithm(token)], issuer=ISSUER,
                          audience=SERVICE["audience"], options={"require": ["exp", "sub"]})

    token = log_in()["access_token"]
    assert verify(token)["sub"] and refuses(verify, token)


def authlib_discover():
    for kind, name in [(AuthorizationServerMetadata, "oauth-authorization-server"),
                       (OpenIDProviderMetadata, "openid-configuration")]:
        document = kind(discovered(name))
        document.validate()
        assert document["issuer"] == ISSUER


def authlib_verify():
    keys = KeySet.import_key_set(requests.get(discovered()["jwks_uri"], timeout=10).json())

    def verify(token):
        return joserfc_jwt.decode(token, keys, algorithms=[algorithm(token)]).claims

    token = log_in()["access_token"]
    assert verify(token)["iss"] == ISSUER and refuses(verify, token)


def authlib_session():
    return OAuth2Session("gatehouse", token_endpoint_auth_method="none", token=log_in())


def authlib_refresh():
    token = authlib_session().refresh_token(discovered()["token_endpoint"])
    assert is_accepted(token["access_token"]) and token["expires_at"]


def authlib_revoke():
    session = authlib_session()
    token = session.token
    response = session.revoke_token(discovered()["revocation_endpoint"], token["refresh_token"],
                                    token_type_hint="refresh_token")
    assert response.status_code == 200 and response.json() == {}
    assert not is_accepted(token["access_token"])


def authlib_introspect():
    session = OAuth2Session(SERVICE["client_id"], SERVICE["client_secret"])
    endpoint = discovered()["introspection_endpoint"]

    def is_active(token):
        return session.introspect_token(endpoint, token=token).json()["active"]

    token = log_in()["access_token"]
    assert is_active(token) and not is_active(tampered(token))


def flask_verify():
    token = log_in()["access_token"]
    key = jwt.PyJWKClient(discovered()["jwks_uri"]).get_signing_key_from_jwt(token)
    app = Flask("resource")
    app.config.update(JWT_ALGORITHM=algorithm(token), JWT_PUBLIC_KEY=key.key,
                      JWT_DECODE_AUDIENCE=SERVICE["audience"], JWT_DECODE_ISSUER=ISSUER)
    manager = JWTManager(app)
    # Its own tokens carry `type` and `csrf`; ours are access tokens by their header.
    manager.decode_key_loader(lambda _header, _payload: key.key)

    @app.get("/")
    @jwt_required()
    def identity():
        return {"sub": get_jwt_identity()}

    def get(bearer):
        return app.test_client().get("/", headers={"Authorization": f"Bearer {bearer}"})

    answer = get(token)
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["sub"]
    assert get(tampered(token)).status_code in (401, 422)


def requests_call():
    session = RequestsSession("gatehouse", token=log_in())
    assert session.get(f"{ISSUER}/protected").status_code == 200


def requests_refresh():
    session = RequestsSession("gatehouse", token=log_in())
    before = dict(session.token)
    after = session.refresh_token(discovered()["token_endpoint"], client_id="gatehouse")
    assert after["refresh_token"] != before["refresh_token"]
    assert session.get(f"{ISSUER}/protected").status_code == 200


CLIENTS = {
    "PyJWT": {"verify": pyjwt_verify},
    "Authlib": {"discover": authlib_discover, "verify": authlib_verify,
                "refresh": authlib_refresh, "revoke": authlib_revoke,
                "introspect": authlib_introspect},
    "Flask-JWT-Extended": {"verify": flask_verify},
    "requests-oauthlib": {"call": requests_call, "refresh": requests_refresh},
}


def outcome(attempt):
    try:
        attempt()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "yes"


json.dump({client: {name: outcome(attempt) for name, attempt in attempts.items()}
           for client, attempts in CLIENTS.items()}, sys.stdout)
