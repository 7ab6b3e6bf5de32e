// Verifies access tokens with jose, as another party would: reads {"jwks": …, "issuer": …, "audience": …, "tokens": [{"name", "token"}]} from standard
// input and writes {name: null, or why it was refused}.
import { readFileSync } from "node:fs";
import { createLocalJWKSet, jwtVerify } from "jose";

const { jwks, issuer, audience, tokens } = JSON.parse(readFileSync(0, "utf8"));
const keys = createLocalJWKSet(jwks);
const said = {};
for (const { name, token } of tokens) {
  try {
    await jwtVerify(token, keys, { issuer, audience, typ: "at+jwt", algorithms: ["ES256", "RS256"], maxTokenAge: "900 s", clockTolerance: "30 s" });
    said[name] = null;
  } catch (refusal) {
    said[name] = refusal.code ?? refusal.message;
  }
}
console.log(JSON.stringify(said));
