// An authorizer with jose and @aws-sdk/client-dynamodb, as a tutorial writes it.
import { createLocalJWKSet, jwtVerify } from "jose";
import { respond, run } from "./runtime.mjs";

const keys = createLocalJWKSet(JSON.parse(process.env.JWKS));

run(async (event) => {
  const token = event.headers.authorization.slice("Bearer ".length);
  const { payload } = await jwtVerify(token, keys, {
    algorithms: ["ES256"],
    audience: process.env.AUDIENCE,
    issuer: process.env.ISSUER,
    typ: "at+jwt",
  });
  return respond(payload);
});
