"""Prints the names that the pages must map: {LIST: [NAME, ...]} as JSON.

Argument: the source of Flask-JWT, which cannot be imported with the pinned Flask.
"""

import ast
import inspect
import json
import re
import sys

import botocore.session
import django
import flask_jwt_extended
from flask import Flask
from flask_jwt_extended import JWTManager, exceptions, jwt_required, verify_jwt_in_request


PROJECT = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework",
           "rest_framework_simplejwt", "rest_framework_simplejwt.token_blacklist"]


def public(names):
    return sorted(name for name in names if not name.startswith("_"))


def flask_jwt(path):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    names = {"current_identity"}
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        if isinstance(node, ast.ClassDef) and node.name == "JWT":
            names.update(part.name for part in node.body if isinstance(part, ast.FunctionDef))
    return {
        "flask_jwt.names": public(names),
        "flask_jwt.settings": sorted(set(re.findall(r"'(JWT_[A-Z_]+)'", source))),
    }


def extended():
    app = Flask("names")
    JWTManager(app)
    members = vars(flask_jwt_extended).items()
    names = [name for name, value in members if not inspect.ismodule(value)]
    arguments = {
        argument
        for function in (jwt_required, verify_jwt_in_request)
        for argument in inspect.signature(function).parameters
    }
    methods = [name for name, _ in inspect.getmembers(JWTManager, inspect.isfunction)]
    return {
        "flask_jwt_extended.names": public(names),
        "flask_jwt_extended.arguments": sorted(arguments),
        "flask_jwt_extended.manager": public(methods),
        "flask_jwt_extended.exceptions": public(
            name for name, value in vars(exceptions).items() if inspect.isclass(value)
        ),
        "flask_jwt_extended.settings": sorted(key for key in app.config if key.startswith("JWT_")),
    }


def own(module, kinds=(inspect.isclass, inspect.isfunction)):
    """The public classes and functions that a module defines itself."""
    return public(
        name
        for name, value in vars(module).items()
        if any(kind(value) for kind in kinds) and value.__module__ == module.__name__
    )


def django_names():
    from django.conf import global_settings, settings

    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(INSTALLED_APPS=PROJECT, DATABASES={"default": database},
                       SECRET_KEY="only to read names, never to sign")
    django.setup()
    from django.contrib import auth
    from django.contrib.auth import backends, base_user, decorators, middleware, mixins
    from django.contrib.auth import models, password_validation, signals, urls
    from django.core.management import get_commands

    user = {field.name for field in models.User._meta.local_fields}
    user.update(field.name for field in models.User._meta.local_many_to_many)
    for kind in (models.AbstractUser, models.PermissionsMixin, base_user.AbstractBaseUser):
        user.update(vars(kind))
    # What Django adds for every date, or only declares.
    user -= {"Meta", "EMAIL_FIELD", "REQUIRED_FIELDS", "USERNAME_FIELD", "objects",
             "get_next_by_date_joined", "get_previous_by_date_joined"}
    manager = {*vars(models.UserManager), *vars(base_user.BaseUserManager)}
    commands = [name for name, app in get_commands().items()
                if app in ("django.contrib.auth", "rest_framework_simplejwt.token_blacklist")]
    access = own(decorators) + own(mixins) + own(middleware, [inspect.isclass])
    return {
        "django.functions": own(auth, [inspect.isfunction]),
        "django.access": access,
        "django.backends": own(backends),
        "django.urls": [pattern.name for pattern in urls.urlpatterns],
        "django.user": public(user),
        "django.manager": public(manager - {"use_in_migrations"}),
        "django.commands": commands,
        "django.signals": [name for name in vars(signals) if name.startswith("user_")],
        "django.validators": [name for name in own(password_validation, [inspect.isclass])
                              if name.endswith("Validator")],
        "django.settings": [name for name in dir(global_settings)
                            if re.match("AUTH|LOGIN|LOGOUT|PASSWORD|SESSION|CSRF", name)],
    }


def rest_framework_names():
    from rest_framework import authentication, permissions, settings
    from rest_framework_simplejwt import authentication as simplejwt
    from rest_framework_simplejwt import settings as simplejwt_settings
    from rest_framework_simplejwt import tokens, views

    # The parts of `&`, `|` and `~` are not named by anyone.
    operators = {"AND", "OR", "NOT", "OperandHolder", "SingleOperandHolder",
                 "OperationHolderMixin", "BasePermissionMetaclass"}
    aliases = [name for name, value in vars(simplejwt).items()
               if value is simplejwt.JWTStatelessUserAuthentication]
    functions = [name for name in vars(views) if name.startswith("token_")]
    return {
        "drf.authentication": own(authentication, [inspect.isclass]),
        "drf.permissions": sorted({*own(permissions)} - operators),
        "drf.settings": [key for key in settings.DEFAULTS
                         if re.search("AUTH|PERM|THROTTLE", key)],
        "simplejwt.views": sorted({*own(views), *functions}),
        "simplejwt.classes": sorted({*own(simplejwt), *own(tokens), *aliases}),
        "simplejwt.settings": sorted(simplejwt_settings.DEFAULTS),
    }


def cognito_names():
    model = botocore.session.get_session().get_service_model("cognito-idp")
    return {
        "cognito.operations": list(model.operation_names),
        "cognito.pool": list(model.shape_for("CreateUserPoolRequest").members),
        "cognito.client": list(model.shape_for("CreateUserPoolClientRequest").members),
    }


json.dump({**flask_jwt(sys.argv[1]), **extended(), **django_names(), **rest_framework_names(),
           **cognito_names()}, sys.stdout)
