// A relying party of openid-client, driven by a whole-system test: one JSON order per line on standard input, one JSON answer per line.
//   {"do": "begin", "issuer", "client", "secret"?, "redirect", "scope", "name"}   discovery, and the URL that a browser is sent to
//   {"do": "finish", "url"}            the URL that the browser came back with: code for tokens, ID token checked, UserInfo asked
//   {"do": "refresh" | "userinfo" | "introspect" | "revoke" | "verify"}    with the tokens at hand; verify: jose, by the published key set
//   {"do": "leave", "to"}              the URL that ends the session
import { createInterface } from "node:readline";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";

const held = {};
const orders = {
  async begin({ issuer, client: id, secret, redirect, scope }) {
    held.config = await client.discovery(new URL(issuer), id, undefined, secret ? client.ClientSecretBasic(secret) : client.None());
    // Named by jose as a library would be configured: keys fetched by their URL, kept, fetched again for one that is unknown.
    held.keys = createRemoteJWKSet(new URL(held.config.serverMetadata().jwks_uri), { cooldownDuration: 0 });
    Object.assign(held, { verifier: client.randomPKCECodeVerifier(), state: client.randomState(), nonce: client.randomNonce() });
    const url = client.buildAuthorizationUrl(held.config, {
      redirect_uri: redirect, scope, state: held.state, nonce: held.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(held.verifier), code_challenge_method: "S256",
    });
    return { url: url.href };
  },
  async finish({ url }) {
    held.tokens = await client.authorizationCodeGrant(held.config, new URL(url), { pkceCodeVerifier: held.verifier, expectedState: held.state, expectedNonce: held.nonce, idTokenExpected: true, maxAge: 3600 });
    held.subject = held.tokens.claims().sub;
    return { claims: held.tokens.claims(), userinfo: await orders.userinfo() };
  },
  async refresh() {
    held.tokens = await client.refreshTokenGrant(held.config, held.tokens.refresh_token);
    return { claims: held.tokens.claims() };
  },
  async userinfo() {
    return await client.fetchUserInfo(held.config, held.tokens.access_token, held.subject);
  },
  async introspect() {
    return { access: await client.tokenIntrospection(held.config, held.tokens.access_token), refresh: await client.tokenIntrospection(held.config, held.tokens.refresh_token) };
  },
  async verify() {
    const metadata = held.config.serverMetadata();
    const id = await jwtVerify(held.tokens.id_token, held.keys, { issuer: metadata.issuer, audience: held.config.clientMetadata().client_id, typ: "JWT" });
    const access = await jwtVerify(held.tokens.access_token, held.keys, { issuer: metadata.issuer, audience: "evcosta", typ: "at+jwt" });
    return { id: id.protectedHeader, access: access.protectedHeader };
  },
  async revoke() {
    await client.tokenRevocation(held.config, held.tokens.refresh_token);
    return {};
  },
  async leave({ to }) {
    return { url: client.buildEndSessionUrl(held.config, { id_token_hint: held.tokens.id_token, post_logout_redirect_uri: to }).href };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  let answer;
  try {
    answer = await orders[order.do](order);
  } catch (failure) {
    answer = { failed: failure.error ?? failure.code ?? failure.message, why: `${failure.message} ${failure.cause?.message ?? ""}` };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
