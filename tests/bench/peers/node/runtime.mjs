// What both authorizers share: the read of the revocations, and the runtime's loop. The loop is
// our own, because aws-lambda-ric compiles for minutes and is no faster.
import http from "node:http";
import { BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";

const table = process.env.REVOCATIONS_TABLE;
const dynamodb = new DynamoDBClient({});

// Allows the token with these claims, unless it was revoked.
export async function respond(claims) {
  const wanted = ["jti", "sid", "sub"].map((name) => ({ pk: { S: `${name}#${claims[name]}` } }));
  const found = await dynamodb.send(
    new BatchGetItemCommand({ RequestItems: { [table]: { Keys: wanted, ConsistentRead: true } } }),
  );
  if (found.Responses[table]?.length || Object.keys(found.UnprocessedKeys).length) {
    return { isAuthorized: false };
  }
  return { isAuthorized: true, context: { sub: claims.sub } };
}

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const options = { host, port, method, path: `/2018-06-01/runtime${path}`, agent, headers };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

export async function run(handler) {
  for (;;) {
    const event = await call("GET", "/invocation/next");
    const id = event.headers["lambda-runtime-aws-request-id"];
    try {
      const response = await handler(JSON.parse(event.text));
      await call("POST", `/invocation/${id}/response`, JSON.stringify(response));
    } catch (error) {
      await call("POST", `/invocation/${id}/error`, JSON.stringify({ errorMessage: `${error}` }));
    }
  }
}
