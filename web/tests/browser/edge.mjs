// Stands for the gateway's browser session in tests and while developing; it is not shipped. Serves dist/ under /console/
// with the policy that the gateway has, answers /session from an operator's token, and passes everything else on to the
// running platform with that token: the pages speak with the real services.
import { createServer } from 'node:http';
import https from 'node:https';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

async function file(path) {
  const inside = normalize(path.replace(/^\/console\//, '')).replace(/^(\.\.[/\\])+/, '');
  const name = extname(inside) ? inside : 'index.html';
  return { body: await readFile(join(DIST, name)), type: TYPES[extname(name)] ?? 'application/octet-stream' };
}

async function serveFile(request, response) {
  const found = await file(new URL(request.url, 'http://edge').pathname).catch(() => undefined);
  const headers = { 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' };
  response.writeHead(found ? 200 : 404, found ? { ...headers, 'content-type': found.type } : headers).end(found?.body);
}

function passOn(options, who, request, response) {
  const target = new URL(request.url, options.gateway);
  const { host: _host, cookie: _cookie, 'evcosta-csrf': csrf, ...headers } = request.headers;
  if (request.method !== 'GET' && csrf !== '1') return void response.writeHead(403).end();
  headers.authorization = `Bearer ${who.token}`;
  const asked = https.request(target, { method: request.method, headers, ca: options.ca, agent: options.agent }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  });
  asked.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on('close', () => asked.destroy());
  request.pipe(asked);
}

// who: { name, roles, scopes, token }, changed by setWho(); undefined: nobody is signed in.
export async function openEdge({ gateway, ca, who }) {
  const options = { gateway, ca, agent: new https.Agent({ keepAlive: true, ca }) };
  let present = who;
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://edge').pathname;
    if (path === '/session') {
      const said = present ? { signedIn: true, name: present.name, roles: present.roles, scopes: present.scopes, expiresAt: new Date(Date.now() + 9e5).toISOString() } : { signedIn: false, roles: [], scopes: [] };
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    }
    if (path.startsWith('/console/')) return void serveFile(request, response);
    if (!present) return void response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ code: 'unauthenticated', title: 'Not signed in', status: 401 }));
    return passOn(options, present, request, response);
  });
  await new Promise((done) => server.listen(Number(process.env.EVCOSTA_CONSOLE_PORT ?? 0), '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    setWho: (next) => (present = next),
    close: () => {
      options.agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
