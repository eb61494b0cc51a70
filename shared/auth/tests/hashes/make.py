"""Makes hashes with the libraries that people come from, each form once.

    pip install -r requirements.txt
    python make.py > made.json

The forms of PHP (Laravel, WordPress) and Node need `php` and `node`; without them the
ones of made.json are kept. `../made_elsewhere.rs` imports and verifies every hash, and
compares the forms with the table in docs/password-hashes.md.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import struct
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import argon2
import bcrypt
import django
import firebase_scrypt
import passlib
import passlib.hash as lib
from django.conf import settings
from django.contrib.auth import hashers
from werkzeug.security import generate_password_hash

# What other systems accept and we would not, or spell differently.
PASSWORDS = [
    "seven quiet otters at dawn",
    "gro\u00dfte U\u0308berraschung im Cafe\u0301",  # decomposed letters (NFD)
    "no\u00a0break",
    "tab\tin it",
    "a newline follows\n",
    "short",
]

settings.configure(
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers." + name
        for name in (
            "PBKDF2PasswordHasher",
            "PBKDF2SHA1PasswordHasher",
            "Argon2PasswordHasher",
            "BCryptSHA256PasswordHasher",
            "BCryptPasswordHasher",
            "ScryptPasswordHasher",
            "MD5PasswordHasher",
        )
    ]
)
django.setup()

made = []
turn = 0


def add(by, form, make, **more):
    """Adds a hash of the next password."""
    global turn
    password = PASSWORDS[turn % len(PASSWORDS)]
    turn += 1
    made.append({"by": by, "form": form, "password": password, "hash": make(password), **more})


def b64(data):
    return base64.b64encode(data).decode()


def django_forms():
    by = f"Django {django.__version__}"
    for form in ("pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"):
        add(by, f"{form}$", lambda password, form=form: hashers.make_password(password, None, form))
    add(by, "md5$", lambda password: hashers.make_password(password, None, "md5"), refused="too weak")
    add(by, "!", lambda password: hashers.make_password(None), nobody=True)
    # Django removed these hashers in 5.1; what they wrote is still in tables.
    digest = hashlib.sha1(b"saltshort").hexdigest()
    add(by + " (until 5.0)", "sha1$", lambda password: f"sha1$salt${digest}", refused="too weak")
    add(by + " (until 5.0)", "md5$$", lambda password: "md5$$" + hashlib.md5(b"short").hexdigest(), refused="too weak")


def werkzeug_forms():
    by = f"Werkzeug {version('werkzeug')}"
    for method in ("scrypt", "pbkdf2:sha256", "pbkdf2:sha512", "pbkdf2:sha1"):
        form = "scrypt:" if method == "scrypt" else f"{method}:"
        add(by, form, lambda password, method=method: generate_password_hash(password, method))
    # Until 2.3 a method without rounds; passwords in plain text until 2.3 too.
    digest = hmac.new(b"salt", b"short", "sha256").hexdigest()
    add(by + " (until 2.3)", "sha256$", lambda password: f"sha256$salt${digest}", refused="too weak")
    add(by + " (until 2.3)", "plain$", lambda password: "plain$$short", refused="too weak")


def passlib_forms():
    by = f"passlib {passlib.__version__}"
    for handler, form in (
        (lib.sha256_crypt, "$5$"),
        (lib.sha512_crypt, "$6$"),
        (lib.pbkdf2_sha1, "$pbkdf2$"),
        (lib.pbkdf2_sha256, "$pbkdf2-sha256$"),
        (lib.pbkdf2_sha512, "$pbkdf2-sha512$"),
        (lib.bcrypt, "$2b$"),
        (lib.bcrypt_sha256.using(version=2), "$bcrypt-sha256$v=2,"),
        (lib.bcrypt_sha256.using(version=1), "$bcrypt-sha256$2b,"),
        (lib.argon2, "$argon2id$"),
        (lib.scrypt, "$scrypt$"),
        (lib.phpass, "$P$"),
        (lib.phpass.using(ident="H"), "$H$"),
        (lib.ldap_pbkdf2_sha1, "{PBKDF2}"),
        (lib.ldap_pbkdf2_sha256, "{PBKDF2-SHA256}"),
        (lib.ldap_pbkdf2_sha512, "{PBKDF2-SHA512}"),
        (lib.ldap_bcrypt, "{CRYPT}$2b$"),
        (lib.ldap_sha256_crypt, "{CRYPT}$5$"),
        (lib.ldap_sha512_crypt, "{CRYPT}$6$"),
    ):
        add(by, form, handler.hash)
    for handler, form, why in (
        (lib.md5_crypt, "$1$", "too weak"),
        (lib.apr_md5_crypt, "$apr1$", "too weak"),
        (lib.des_crypt, "DES crypt", "too weak"),
        (lib.bsdi_crypt, "_", "too weak"),
        (lib.sha1_crypt, "$sha1$", "not supported"),
        (lib.bsd_nthash, "$3$", "too weak"),
        (lib.nthash, "NT hash", "too weak"),
        (lib.hex_md5, "MD5 in hexadecimal", "too weak"),
        (lib.hex_sha1, "SHA-1 in hexadecimal", "too weak"),
        (lib.hex_sha256, "SHA-256 in hexadecimal", "too weak"),
        (lib.hex_sha512, "SHA-512 in hexadecimal", "too weak"),
        (lib.mysql323, "MySQL 3.23", "too weak"),
        (lib.mysql41, "MySQL 4.1", "too weak"),
        (lib.ldap_md5, "{MD5}", "too weak"),
        (lib.ldap_salted_md5, "{SMD5}", "too weak"),
        (lib.ldap_sha1, "{SHA}", "too weak"),
        (lib.ldap_salted_sha1, "{SSHA}", "too weak"),
        (lib.ldap_salted_sha256, "{SSHA256}", "too weak"),
        (lib.ldap_salted_sha512, "{SSHA512}", "too weak"),
        (lib.ldap_md5_crypt, "{CRYPT}$1$", "too weak"),
        (lib.ldap_des_crypt, "{CRYPT} with DES", "too weak"),
        (lib.django_des_crypt, "crypt$", "too weak"),
        (lib.scram, "$scram$", "not supported"),
        (lib.cta_pbkdf2_sha1, "$p5k2$", "not supported"),
        (lib.grub_pbkdf2_sha512, "grub.pbkdf2", "not supported"),
        (lib.atlassian_pbkdf2_sha1, "{PKCS5S2}", "not supported"),
    ):
        add(by, form, handler.hash, refused=why)
    add(by, "PostgreSQL MD5", lambda password: lib.postgres_md5.hash(password, user="ada"), refused="too weak")
    add(by, "*", lambda password: lib.unix_disabled.using(marker="*").hash(password), nobody=True)


def others():
    add("bcrypt " + bcrypt.__version__, "$2a$", lambda password: bcrypt.hashpw(password.encode(), bcrypt.gensalt(10, b"2a")).decode())
    kinds = ((argon2.Type.I, 19, "$argon2i$"), (argon2.Type.D, 19, "$argon2d$"), (argon2.Type.ID, 16, "$argon2id$v=16$"))
    by = f"argon2-cffi {version('argon2-cffi')}"
    for kind, number, form in kinds:
        add(
            by,
            form,
            lambda password, kind=kind, number=number: argon2.low_level.hash_secret(
                password.encode(), os.urandom(16), 2, 1024, 2, 24, kind, number
            ).decode(),
        )
    signer_key, salt = b64(os.urandom(64)), b64(os.urandom(10))

    def firebase(password):
        derived = firebase_scrypt.generate_derived_key(password, salt, "Bw==", 8, 14)
        return b64(firebase_scrypt.encrypt(base64.b64decode(signer_key), derived))

    by = "firebase-scrypt 0.1.0"
    add(by, "$fbscrypt$", lambda p: f"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={signer_key}${salt}${firebase(p)}")
    add(by, "$firescrypt$", lambda p: f"$firescrypt$ln=14,r=8,p=1${salt}${firebase(p)}$Bw==${signer_key}")
    # No package makes these here: Keycloak and ASP.NET are written after their sources.
    for algorithm, digest in (("pbkdf2-sha512", "sha512"), ("pbkdf2-sha256", "sha256"), ("pbkdf2", "sha1")):
        add("Keycloak (from its source)", f"Keycloak {algorithm}", lambda p, a=algorithm, d=digest: keycloak_pbkdf2(p, a, d))
    add("Keycloak (from its source)", "Keycloak argon2", keycloak_argon2)
    for number, digest in ((1, "sha256"), (2, "sha512")):
        add("ASP.NET Core Identity 3 (from its source)", f"ASP.NET Identity {digest}", lambda p, n=number, d=digest: aspnet(p, n, d))


def credential(iterations, algorithm, parameters, value, salt):
    data = {"hashIterations": iterations, "algorithm": algorithm, "additionalParameters": parameters}
    secret = {"value": b64(value), "salt": b64(salt), "additionalParameters": {}}
    return json.dumps({"type": "password", "credentialData": json.dumps(data), "secretData": json.dumps(secret)})


def keycloak_pbkdf2(password, algorithm, digest):
    salt, iterations = os.urandom(16), 27500
    value = hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations, 64)
    return credential(iterations, algorithm, {}, value, salt)


def keycloak_argon2(password):
    salt = os.urandom(16)
    value = argon2.low_level.hash_secret_raw(password.encode(), salt, 5, 7168, 1, 32, argon2.Type.ID)
    parameters = {"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}
    return credential(5, "argon2", parameters, value, salt)


def aspnet(password, number, digest):
    salt, iterations = os.urandom(16), 100000
    value = hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations, 32)
    return b64(struct.pack(">BIII", 1, number, iterations, len(salt)) + salt + value)


def php():
    code = """
    $p = stream_get_contents(STDIN);
    $wordpress = base64_encode(hash_hmac('sha384', trim($p), 'wp-sha384', true));
    echo json_encode(['version' => PHP_VERSION, '$2y$' => password_hash($p, PASSWORD_BCRYPT),
        'argon2i' => defined('PASSWORD_ARGON2I') ? password_hash($p, PASSWORD_ARGON2I) : null,
        '$wp$' => '$wp' . password_hash($wordpress, PASSWORD_BCRYPT)]);
    """
    # WordPress trims at both ends; this password has nothing to trim.
    password = PASSWORDS[1]
    run = subprocess.run(["php", "-r", code], input=password.encode(), capture_output=True, check=True)
    hashes = json.loads(run.stdout)
    by = "PHP " + hashes.pop("version")
    for form, text in (("$2y$", hashes["$2y$"]), ("$wp$2y$", hashes["$wp$"])):
        made.append({"by": by, "form": form, "password": password, "hash": text})


django_forms()
werkzeug_forms()
passlib_forms()
others()
if shutil.which("php"):
    php()
else:
    kept = json.loads((Path(__file__).parent / "made.json").read_text())
    made += [one for one in kept if one["by"].startswith("PHP ")]
json.dump(made, sys.stdout, ensure_ascii=True, indent=1)
print()
