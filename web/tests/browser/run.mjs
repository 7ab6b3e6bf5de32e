// run.mjs CHECK…: the named checks of checks.mjs against the running platform, one line each, "ok NAME" or "not ok NAME"
// with the reason. What the platform holds comes as JSON on the first line of standard input; further lines answer what a
// check asks for by a line "tell WHAT".
import { createInterface } from 'node:readline';
import { readFile } from 'node:fs/promises';
import * as checks from './checks.mjs';
import { openBrowser } from './chromium.mjs';
import { openEdge } from './edge.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const given = JSON.parse((await lines.next()).value);
const edge = await openEdge({ gateway: given.gateway, ca: await readFile(given.ca), who: given.people.admin });
const browser = await openBrowser();
const stage = {
  ...given,
  edge,
  browser,
  tell: async (what) => {
    console.log(`tell ${what}`);
    return Number((await lines.next()).value);
  },
};
for (const name of process.argv.slice(2)) {
  const started = performance.now();
  edge.setWho(given.people.admin);
  try {
    const note = await checks[name](stage);
    console.log(`ok ${name} ${((performance.now() - started) / 1000).toFixed(1)} s ${note ?? ''}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`not ok ${name}: ${String(error.message ?? error).replaceAll('\n', '\n  ')}`);
  }
}
await browser.close();
edge.close();
process.stdin.destroy();
