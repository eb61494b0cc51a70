// Runs the Node clients against a service and prints what each of them can do.
//
// Standard input: {"issuer", "audience", "username", "password", "client_id",
// "client_secret"}; the last two are a resource server's. Standard output:
// {CLIENT: {CAPABILITY: "yes" or the error}}. Each client logs in for itself.

import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import { JwtVerifier } from "aws-jwt-verify";
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import * as jose from "jose";
import * as oauth from "oauth4webapi";
import { InMemoryWebStorage, OidcClient, User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import * as openid from "openid-client";

const { issuer, audience, username, password, ...server } = JSON.parse(await text(process.stdin));

async function logIn() {
  const response = await fetch(`${issuer}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  assert.equal(response.status, 200);
  return response.json();
}

async function isAccepted(token) {
  const headers = { authorization: `bearer ${token}` };
  return (await fetch(`${issuer}/protected`, { headers })).status === 200;
}

function tampered(token) {
  const [head, payload, signature] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  bytes[bytes.length >> 1] ^= 1;
  return [head, payload, bytes.toString("base64url")].join(".");
}

async function verifiesOnlyGenuine(verify) {
  const { access_token: token } = await logIn();
  const claims = await verify(token);
  assert.ok(claims.sub);
  await assert.rejects(async () => verify(tampered(token)));
}

async function introspectsOnlyGenuine(introspect) {
  const { access_token: token } = await logIn();
  assert.equal((await introspect(token)).active, true);
  assert.equal((await introspect(tampered(token))).active, false);
}

const jwksUri = `${issuer}/.well-known/jwks.json`;

const joseClient = {
  async verify() {
    const keys = jose.createRemoteJWKSet(new URL(jwksUri));
    await verifiesOnlyGenuine(async (token) => {
      const options = { issuer, audience, typ: "at+jwt" };
      return (await jose.jwtVerify(token, keys, options)).payload;
    });
  },
};

const awsJwtVerify = {
  // It fetches keys over https only, so a local stack's keys are handed to it.
  async verify() {
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri: "https://keys.invalid/" });
    verifier.cacheJwks(await (await fetch(jwksUri)).json());
    await verifiesOnlyGenuine((token) => verifier.verify(token));
  },
};

const client = { client_id: "gatehouse" };
const insecure = { [oauth.allowInsecureRequests]: true };

async function oauthServer(algorithm) {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(url, response);
}

const oauth4webapi = {
  async discover() {
    await oauthServer("oidc");
    await oauthServer("oauth2");
  },
  async verify() {
    const server = await oauthServer("oauth2");
    await verifiesOnlyGenuine((token) => {
      const headers = { authorization: `bearer ${token}` };
      const request = new Request("http://resource.test/", { headers });
      return oauth.validateJwtAccessToken(server, request, audience, insecure);
    });
  },
  async call() {
    const { access_token: token } = await logIn();
    const url = new URL(`${issuer}/protected`);
    const response = await oauth.protectedResourceRequest(token, "GET", url, undefined, undefined, insecure);
    assert.equal(response.status, 200);
  },
  async refresh() {
    const server = await oauthServer("oauth2");
    const { refresh_token: token } = await logIn();
    const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, insecure);
    const tokens = await oauth.processRefreshTokenResponse(server, client, response);
    assert.ok(await isAccepted(tokens.access_token));
  },
  async revoke() {
    const server = await oauthServer("oauth2");
    const { access_token: access, refresh_token: token } = await logIn();
    const response = await oauth.revocationRequest(server, client, oauth.None(), token, insecure);
    await oauth.processRevocationResponse(response);
    assert.ok(!(await isAccepted(access)));
  },
  async introspect() {
    const as = await oauthServer("oauth2");
    const caller = { client_id: server.client_id };
    const basic = oauth.ClientSecretBasic(server.client_secret);
    await introspectsOnlyGenuine(async (token) => {
      const response = await oauth.introspectionRequest(as, caller, basic, token, insecure);
      return oauth.processIntrospectionResponse(as, caller, response);
    });
  },
};

function openidConfiguration(algorithm = "oidc") {
  const options = { algorithm, execute: [openid.allowInsecureRequests] };
  return openid.discovery(new URL(issuer), "gatehouse", undefined, openid.None(), options);
}

const openidClient = {
  async discover() {
    await openidConfiguration("oidc");
    await openidConfiguration("oauth2");
  },
  async call() {
    const { access_token: token } = await logIn();
    const url = new URL(`${issuer}/protected`);
    const response = await openid.fetchProtectedResource(await openidConfiguration(), token, url, "GET");
    assert.equal(response.status, 200);
  },
  async refresh() {
    const { refresh_token: token } = await logIn();
    const tokens = await openid.refreshTokenGrant(await openidConfiguration(), token);
    assert.ok(await isAccepted(tokens.access_token));
  },
  async revoke() {
    const { access_token: access, refresh_token: token } = await logIn();
    await openid.tokenRevocation(await openidConfiguration(), token);
    assert.ok(!(await isAccepted(access)));
  },
  async introspect() {
    const options = { algorithm: "oauth2", execute: [openid.allowInsecureRequests] };
    const basic = openid.ClientSecretBasic(server.client_secret);
    const url = new URL(issuer);
    const configuration = await openid.discovery(url, server.client_id, undefined, basic, options);
    await introspectsOnlyGenuine((token) => openid.tokenIntrospection(configuration, token));
  },
};

const oidcSettings = { authority: issuer, client_id: "gatehouse", redirect_uri: "http://app.test/" };

const oidcClientTs = {
  async discover() {
    const metadata = await new OidcClient(oidcSettings).metadataService.getMetadata();
    assert.equal(metadata.issuer, issuer);
  },
  async refresh() {
    const manager = await oidcManager();
    const user = await manager.signinSilent();
    assert.ok(await isAccepted(user.access_token));
  },
  async revoke() {
    const manager = await oidcManager();
    const { access_token: token } = await manager.getUser();
    await manager.revokeTokens(["refresh_token"]);
    assert.ok(!(await isAccepted(token)));
  },
};

// A user who is logged in, as the library stores one.
async function oidcManager() {
  const store = () => new WebStorageStateStore({ store: new InMemoryWebStorage() });
  const manager = new UserManager({ ...oidcSettings, userStore: store(), stateStore: store() });
  const tokens = await logIn();
  const { sub } = jose.decodeJwt(tokens.access_token);
  await manager.storeUser(new User({ ...tokens, profile: { sub } }));
  return manager;
}

const expressBearer = {
  async verify() {
    const app = express();
    app.use(auth({ issuerBaseURL: issuer, audience }));
    app.get("/", (request, response) => response.json({ sub: request.auth.payload.sub }));
    app.use((error, _request, response, _next) => response.status(error.status ?? 500).json({ why: error.message }));
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      await verifiesOnlyGenuine(async (token) => {
        const url = `http://127.0.0.1:${server.address().port}/`;
        const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
        const body = await response.json();
        assert.equal(response.status, 200, body.why);
        return body;
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  },
};

const clients = {
  jose: joseClient,
  "aws-jwt-verify": awsJwtVerify,
  oauth4webapi,
  "openid-client": openidClient,
  "oidc-client-ts": oidcClientTs,
  "express-oauth2-jwt-bearer": expressBearer,
};

const outcomes = {};
for (const [name, attempts] of Object.entries(clients)) {
  outcomes[name] = {};
  for (const [capability, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      outcomes[name][capability] = "yes";
    } catch (error) {
      outcomes[name][capability] = `${error.name}: ${error.message} ${error.cause?.message ?? ""}`.trim();
    }
  }
}
// The timers of a logged-in oidc-client-ts would keep the process alive.
process.stdout.write(JSON.stringify(outcomes), () => process.exit());
