// An authorizer with aws-jwt-verify and @aws-sdk/client-dynamodb. The keys are in the cache, so
// that it fetches none.
import { JwtVerifier } from "aws-jwt-verify";
import { respond, run } from "./runtime.mjs";

const verifier = JwtVerifier.create({
  issuer: process.env.ISSUER,
  audience: process.env.AUDIENCE,
  jwksUri: `${process.env.ISSUER}/.well-known/jwks.json`,
});
verifier.cacheJwks(JSON.parse(process.env.JWKS));

run(async (event) => {
  const token = event.headers.authorization.slice("Bearer ".length);
  return respond(await verifier.verify(token));
});
