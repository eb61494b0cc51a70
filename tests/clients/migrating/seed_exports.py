"""Writes exports of other systems, each in the format that the system itself writes.

Argument: the password of everyone, except in Firebase's export, which has Google's own
example of a hash.

- Auth0: https://auth0.com/docs/manage-users/user-migration/bulk-user-exports, and the
  format of the hashes from https://community.auth0.com/t/58730.
- Firebase: `src/accountExporter.ts` of firebase-tools; the hash and its parameters from
  the README of https://github.com/firebase/scrypt.
- Keycloak: UserRepresentation, and the credentials of its PBKDF2 provider.
- Cognito: `aws cognito-idp list-users` and `list-users-in-group`.
"""

import base64
import hashlib
import json
import os
import sys

import bcrypt

PASSWORD = sys.argv[1].encode()


def write(name, *values):
    with open(name, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(value) + "\n" for value in values)


def auth0():
    hashed = bcrypt.hashpw(PASSWORD, bcrypt.gensalt(10)).decode()
    profile = {"created_at": "2019-12-06T18:36:12.412Z"}
    first = {"user_id": "auth0|5dea9f9c82dd7c0e76e4ec93", "email": "ada@example.org"}
    second = {"user_id": "auth0|euclid", "email": "grace@example.org", "blocked": True}
    social = {"user_id": "google-oauth2|103547991597142817347", "email": "max@example.org"}
    write("profiles.ndjson", *({**profile, **user} for user in (first, second, social)))
    common = {
        "email_verified": False,
        "passwordHash": hashed,
        "password_set_date": {"$date": "2019-12-06T18:36:12.412Z"},
        "tenant": "example",
        "connection": "Username-Password-Authentication",
        "_tmp_is_unique": True,
    }
    write(
        "hashes.ndjson",
        {"_id": {"$oid": "5dea9f9c82dd7c0e76e4ec93"}, "email": "ada@example.org", **common},
        {"_id": {"$oid": "5dea9f9c82dd7c0e76e4ec94"}, "alt_id": "euclid", **common},
    )


def firebase():
    common = {"emailVerified": False, "displayName": "Test User 1", "photoUrl": None,
              "lastSignedInAt": "1508893925000", "createdAt": "1508893925000",
              "providerUserInfo": []}
    hashed = {
        "passwordHash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo"
                        "78198JAdRuid5lQ==",
        "salt": "42xEC+ixf3L2lw==",
    }
    write("firebase.json", {"users": [
        {"localId": "kYi4EvWQlQTKSfnJ3dRSP6IH3ed2", "email": "user1@test.com", **hashed, **common},
        {"localId": "bYi4EvWQlQTKSfnJ3dRSP6IH3ed3", "email": "user2@test.com", **hashed, **common,
         "disabled": True},
        {"localId": "aYi4EvWQlQTKSfnJ3dRSP6IH3ed4", "email": "user3@test.com", **common},
    ]})


def keycloak():
    def password(algorithm, digest, iterations):
        salt = os.urandom(16)
        value = hashlib.pbkdf2_hmac(digest, PASSWORD, salt, iterations, 64)
        encoded = [base64.b64encode(part).decode() for part in (value, salt)]
        return {
            "id": "0b6b7a9e-4c1f-4d0e-9a51-0c9a8a6d9f10",
            "type": "password",
            "userLabel": "My password",
            "createdDate": 1690000000000,
            "secretData": json.dumps({"value": encoded[0], "salt": encoded[1],
                                      "additionalParameters": {}}),
            "credentialData": json.dumps({"hashIterations": iterations, "algorithm": algorithm,
                                          "additionalParameters": {}}),
        }

    otp = {"type": "otp", "secretData": "{\"value\":\"x\"}", "credentialData": "{}"}
    common = {"createdTimestamp": 1690000000000, "emailVerified": True, "totp": False,
              "disableableCredentialTypes": [], "requiredActions": [], "notBefore": 0,
              "groups": [], "firstName": "Ada", "lastName": "Lovelace"}
    everyone = ["default-roles-shop", "offline_access", "uma_authorization"]
    users = [
        {"id": "7f3b7c6e-3c39-4d0c-8f7e-0a8f5e9d2b01", "username": "ada",
         "email": "ada@example.org", "enabled": True, "realmRoles": [*everyone, "editor"],
         "credentials": [otp, password("pbkdf2-sha512", "sha512", 210000)], **common},
        {"id": "7f3b7c6e-3c39-4d0c-8f7e-0a8f5e9d2b02", "username": "grace@example.org",
         "email": "grace@example.org", "enabled": True, "realmRoles": everyone,
         "credentials": [password("pbkdf2-sha256", "sha256", 27500)], **common},
        {"id": "7f3b7c6e-3c39-4d0c-8f7e-0a8f5e9d2b03", "username": "max", "enabled": False,
         "credentials": [], "federatedIdentities": [{"identityProvider": "google"}], **common},
        {"id": "7f3b7c6e-3c39-4d0c-8f7e-0a8f5e9d2b04", "username": "service-account-shop",
         "enabled": True, "serviceAccountClientId": "shop", "credentials": [], **common},
    ]
    write("realm.json", {"realm": "shop", "enabled": True, "users": users})


def cognito():
    def user(number, username, email, verified, enabled=True):
        sub = f"d16b4aa8-8633-4a0d-93b3-5062a8e1b5f{number}"
        attributes = {"sub": sub, "email": email, "email_verified": verified}
        return {
            "Username": username or sub,
            "Attributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
            "UserCreateDate": "2023-07-22T03:21:29.949000+02:00",
            "UserLastModifiedDate": "2023-07-22T03:21:29.949000+02:00",
            "Enabled": enabled,
            "UserStatus": "CONFIRMED",
        }

    ada = user(1, "ada", "ada@example.org", "true")
    grace = user(2, "grace@example.org", "grace@example.org", "false")
    write("cognito.json", {"Users": [ada, grace, user(3, None, "max@example.org", "true", False)]})
    write("editors.json", {"Users": [ada]})


for export in (auth0, firebase, keycloak, cognito):
    export()
