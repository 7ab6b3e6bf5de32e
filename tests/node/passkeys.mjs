// Passkeys with a browser and a verifier that we did not write: Chromium, with virtual authenticators, does the ceremonies against the edge;
// @simplewebauthn/server judges what it answered. Reads {"origin", "party", "token", "password", "algorithms"} from standard input and writes what
// happened, one member a step. The page is empty and comes from here; whatever else it asks for comes from the edge.
import { readFileSync } from "node:fs";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { chromium } from "playwright-core";

const order = JSON.parse(readFileSync(0, "utf8"));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
const context = await browser.newContext({ ignoreHTTPSErrors: true });
const page = await context.newPage();
await page.route("**/passkeys-test", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>passkeys</title>" }));
await page.goto(`${order.origin}/passkeys-test`);
const devtools = await context.newCDPSession(page);
await devtools.send("WebAuthn.enable");

const plug = async (more = {}) => (await devtools.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
  hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...more } })).authenticatorId;
const unplug = (authenticatorId) => devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });

// In the page: a call of the API, from the page's own origin.
const call = (method, path, body, token) => page.evaluate(async ([method, path, body, token]) => {
  const headers = { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}, [method, path, body, token]);
const create = (options) => page.evaluate(async (options) => {
  try {
    return { made: (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })).toJSON() };
  } catch (refusal) {
    return { refusal: refusal.name };
  }
}, options);
const get = (options) => page.evaluate(async (options) => {
  try {
    return { made: (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })).toJSON() };
  } catch (refusal) {
    return { refusal: refusal.name };
  }
}, options);

const register = async (name, algorithm) => {
  const options = await call("POST", "/auth/passkeys/options", null, order.token);
  if (options.status !== 200) return { options };
  const wanted = { ...options.body, pubKeyCredParams: options.body.pubKeyCredParams.filter((each) => each.alg === algorithm) };
  const { made, refusal } = await create(wanted);
  if (!made) return { refusal };
  const judged = await verifyRegistrationResponse({ response: made, expectedChallenge: options.body.challenge, expectedOrigin: order.origin, expectedRPID: order.party, requireUserVerification: true,
    supportedAlgorithmIDs: order.algorithms });
  const added = await call("POST", "/auth/passkeys", { name, passkey: made }, order.token);
  return { judged, added, made };
};
const signIn = async (credential, change = (made) => made) => {
  const options = await call("POST", "/auth/passkeys/sign-in/options");
  const { made, refusal } = await get(options.body);
  if (!made) return { refusal };
  const offered = change(structuredClone(made));
  const judged = credential && await verifyAuthenticationResponse({ response: offered, expectedChallenge: options.body.challenge, expectedOrigin: order.origin, expectedRPID: order.party,
    requireUserVerification: true, credential }).then((outcome) => outcome.verified, () => false);
  return { judged, answer: await call("POST", "/auth/passkeys/sign-in", { passkey: offered }), again: credential && await call("POST", "/auth/passkeys/sign-in", { passkey: offered }) };
};

const said = { algorithms: {} };
said.unproved = (await call("POST", "/auth/passkeys/options", null, order.token)).body?.code;
said.proved = (await call("POST", "/auth/proof", { password: order.password }, order.token)).status;
for (const algorithm of order.algorithms) {
  const authenticator = await plug({ defaultBackupEligibility: true, defaultBackupState: true });
  const { judged, added, refusal, options } = await register(`Chave ${algorithm}`, algorithm);
  if (!added) {
    said.algorithms[algorithm] = { refusal, options };
    await unplug(authenticator);
    continue;
  }
  const signedIn = await signIn({ ...judged.registrationInfo.credential });
  said.algorithms[algorithm] = { judged: judged.verified, added: added.status, passkey: added.body, signedIn: { judged: signedIn.judged, status: signedIn.answer.status, again: signedIn.again.status }, tokens: signedIn.answer.body };
  const forged = await signIn({ ...judged.registrationInfo.credential }, (made) => {
    const bytes = Buffer.from(made.response.signature, "base64url");
    bytes[bytes.length - 1] ^= 1;
    made.response.signature = bytes.toString("base64url");
    return made;
  });
  said.algorithms[algorithm].forged = { judged: forged.judged, status: forged.answer.status };
  said.algorithms[algorithm].twice = (await register("Outra", algorithm)).refusal;
  await unplug(authenticator);
}

// A copy of a key whose counter is behind.
const first = await plug();
const original = await register("Copiada", -7);
await signIn(null);
const [credential] = (await devtools.send("WebAuthn.getCredentials", { authenticatorId: first })).credentials;
await signIn(null);
await unplug(first);
const second = await plug();
await devtools.send("WebAuthn.addCredential", { authenticatorId: second, credential });
said.copied = { added: original.added?.status, answer: (await signIn(null)).answer };
await unplug(second);

// Nobody was verified: the browser does not even ask us.
const third = await plug({ isUserVerified: false });
said.unverified = (await register("Sem PIN", -7)).refusal;
await unplug(third);
await browser.close();
console.log(JSON.stringify(said));
