"""An authorizer with awslambdaric, PyJWT and boto3, as a tutorial writes it."""

import json
import os

import boto3
import jwt

KEYS = {key.key_id: key for key in jwt.PyJWKSet.from_dict(json.loads(os.environ["JWKS"])).keys}
TABLE = os.environ["REVOCATIONS_TABLE"]
DYNAMODB = boto3.client("dynamodb")


def handler(event, context):
    token = event["headers"]["authorization"].removeprefix("Bearer ")
    key = KEYS[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token,
        key.key,
        algorithms=["ES256"],
        audience=os.environ["AUDIENCE"],
        issuer=os.environ["ISSUER"],
    )
    keys = [{"pk": {"S": f"{name}#{claims[name]}"}} for name in ("jti", "sid", "sub")]
    request = {TABLE: {"Keys": keys, "ConsistentRead": True}}
    found = DYNAMODB.batch_get_item(RequestItems=request)
    if found["Responses"].get(TABLE) or found["UnprocessedKeys"]:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"sub": claims["sub"]}}
