"""Prints the names that the pages must map: {LIST: [NAME, ...]} as JSON.

Argument: the source of Flask-JWT, which cannot be imported with the pinned Flask.
"""

import ast
import inspect
import json
import re
import sys

import flask_jwt_extended
from flask import Flask
from flask_jwt_extended import JWTManager, exceptions, jwt_required, verify_jwt_in_request


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


json.dump({**flask_jwt(sys.argv[1]), **extended()}, sys.stdout)
