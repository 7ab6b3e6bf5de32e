// What the console must be, as functions that throw. Each takes a Stage: the edge, the browser, and what the platform
// holds for the tests (ids of a session, a trace, a dead letter, operators with their tokens).
import { readFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { openWindow, settled, visit } from './chromium.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf-8');
const LOCALES = ['pt-BR', 'en-GB', 'es-ES'];
const SCHEMES = ['light', 'dark'];
const LARGEST_FIRST_LOAD = 75 * 1024;
const EVENT_TO_PIXEL_MS = 300;

export function pagesOf({ held }) {
  return {
    stations: '/console/stations',
    station: `/console/stations/${held.stationId}`,
    sessions: '/console/sessions',
    session: `/console/sessions/${held.sessionId}`,
    trace: `/console/traces/${held.traceId}`,
    search: '/console/search?q=jac',
    'dead-letters': '/console/dead-letters',
    'dead-letter': `/console/dead-letters/${held.deadLetter.owner}/${held.deadLetter.eventId}`,
    cases: '/console/cases?state=all',
    refunds: '/console/refunds',
    services: '/console/services',
    ops: '/console/ops',
    flow: `/console/flow/${held.traceId}`,
    faults: '/console/faults',
    audit: '/console/audit',
    nowhere: '/console/nothing-here',
  };
}

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] })).violations);
  return found.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ')}`);
}

async function enter(stage, page, path) {
  await page.goto(stage.edge.url + path);
  await settled(page);
}

// Every page in every language and both colour schemes: nothing on the console, nothing that axe finds. Unless all of it
// is asked for, each page is seen in one of the six combinations, another one than its neighbours.
export async function everyPage(stage) {
  const wrong = [];
  for (const [row, locale] of LOCALES.entries()) {
    for (const [column, scheme] of SCHEMES.entries()) {
      const turn = row * SCHEMES.length + column;
      const pages = Object.entries(pagesOf(stage)).filter((_, index) => stage.full || index % 6 === turn);
      const { context, page, complaints } = await openWindow(stage.browser, { locale, scheme });
      await enter(stage, page, '/console/');
      assert.equal(await page.getAttribute('html', 'lang'), locale.startsWith('pt') ? 'pt-BR' : locale.slice(0, 2));
      for (const [name, path] of pages) {
        await visit(page, path);
        const found = [...(await violations(page)), ...complaints.splice(0)];
        const trouble = await page.locator('.trouble').allInnerTexts();
        wrong.push(...[...found, ...trouble].map((text) => `${name} ${locale} ${scheme}: ${text}`));
      }
      await context.close();
    }
  }
  assert.equal(wrong.length, 0, wrong.join('\n'));
}

// A phone's width: nothing sticks out of the page.
export async function narrow(stage) {
  const { context, page } = await openWindow(stage.browser, { width: 390, height: 800 });
  await enter(stage, page, '/console/');
  const wide = [];
  for (const [name, path] of Object.entries(pagesOf(stage))) {
    await visit(page, path);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) wide.push(`${name} is ${over} px too wide`);
  }
  await context.close();
  assert.equal(wide.length, 0, wide.join('\n'));
}

export async function firstLoad(stage) {
  const { context, page } = await openWindow(stage.browser);
  const scripts = [];
  page.on('response', (answer) => answer.url().endsWith('.js') && scripts.push(answer));
  await enter(stage, page, '/console/');
  const sizes = await Promise.all(scripts.map(async (answer) => gzipSync(await answer.body()).length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shift = await page.evaluate(() => new Promise((done) => new PerformanceObserver((list, observer) => { observer.disconnect(); done(list.getEntries().reduce((sum, one) => sum + one.value, 0)); }).observe({ type: 'layout-shift', buffered: true }) ?? setTimeout(() => done(0), 300)));
  await context.close();
  assert.ok(total <= LARGEST_FIRST_LOAD, `the first load is ${total} bytes of JavaScript`);
  assert.ok(shift <= 0.05, `the page shifts by ${shift}`);
  return `first load ${(total / 1024).toFixed(1)} KiB of JavaScript in ${sizes.length} files, layout shift ${shift.toFixed(3)}`;
}

// From a driver's support code to the session and on to its trace: two clicks at most.
export async function supportCode(stage) {
  const { context, page } = await openWindow(stage.browser);
  await enter(stage, page, '/console/');
  await page.keyboard.press('/');
  await page.keyboard.type(stage.held.traceId.replace(/(.{8})/g, '$1 '));
  await page.keyboard.press('Enter'); // the first
  await page.waitForURL(`**/console/sessions/${stage.held.sessionId}`);
  await settled(page);
  await page.getByRole('main').locator(`a[href$="/traces/${stage.held.traceId}"]`).first().click(); // the second
  await page.waitForURL(`**/console/traces/${stage.held.traceId}`);
  await settled(page);
  const services = await page.locator('.legend .service').allInnerTexts();
  for (const service of ['gateway', 'charging', 'payment', 'integrations']) assert.ok(services.includes(service), `${service} is in the trace: ${services}`);
  assert.ok((await page.locator('.hop').count()) > 4, 'Kafka hops are marked');
  // The store of records shows what it is given some seconds later, and the page asks again while it is young.
  await page.getByText('ChargingSessionStarted').first().waitFor({ timeout: 20_000 }).catch(async () => {
    const trouble = await page.locator('.trouble').allInnerTexts();
    assert.fail(`its events do not stand below: ${await page.locator('.event').count()} events, ${await page.locator('.text').count()} records, trouble ${JSON.stringify(trouble)}`);
  });
  await page.locator('[data-span] .label').nth(3).click();
  await page.locator('aside dl').waitFor();
  await context.close();
}

// On a machine that is busy two keys may be too far from each other to belong together: then they are pressed again.
async function chord(page, key, url) {
  for (let left = 4; ; left -= 1) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    const there = await page.waitForURL(url, { timeout: 5_000 }).then(() => true, (error) => left === 0 && Promise.reject(error));
    if (there) return;
  }
}

// Keyboard alone: pages by g and a letter, rows by j and k, help by ?.
export async function keyboard(stage) {
  const { context, page } = await openWindow(stage.browser);
  await enter(stage, page, '/console/');
  await chord(page, 'c', '**/console/sessions');
  await settled(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/console/sessions/*');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await chord(page, 'd', '**/console/dead-letters');
  await context.close();
}

// A connector changes at its station; `stage.tell` asks the test to let it happen and answers with its moment. Looked at
// `stage.looks` times (5), with the rows of all stations that `stage.words` finds on the page.
export async function eventToPixel(stage) {
  const { context, page } = await openWindow(stage.browser);
  await enter(stage, page, `/console/stations?show=all&words=${stage.words ?? stage.held.madeStation}`);
  await page.locator(`tr[data-station="${stage.held.madeStation}"]`).waitFor();
  await page.waitForFunction(() => document.querySelector('[role="status"] .good'));
  const took = [];
  for (let look = 0; look < (stage.looks ?? 5); look += 1) {
    const status = ['charging', 'faulted', 'available'][look % 3];
    const seen = page.evaluate(
      ([station, tone]) =>
        new Promise((done) => {
          const row = document.querySelector(`tr[data-station="${station}"]`);
          const look = () => row.querySelector('li .chip')?.classList.contains(tone);
          const watch = new MutationObserver(() => look() && requestAnimationFrame(() => (watch.disconnect(), done(Date.now()))));
          watch.observe(row, { subtree: true, childList: true, attributes: true, characterData: true });
        }),
      [stage.held.madeStation, { charging: 'busy', faulted: 'bad', available: 'good' }[status]],
    );
    const at = await stage.tell(status);
    took.push((await seen) - at);
  }
  await context.close();
  const sorted = took.toSorted((one, other) => one - other);
  // The 95th percentile; of five, one may meet a pause of the machine.
  const p95 = sorted.at(-1 - Math.max(1, Math.floor(sorted.length * 0.05)));
  const said = `event to pixel: p50 ${Math.round(sorted.at(sorted.length / 2))} ms, p95 ${Math.round(p95)} ms of ${sorted.length}`;
  assert.ok(p95 <= EVENT_TO_PIXEL_MS, `${said}: ${took.map(Math.round)}`);
  return said;
}

async function decide(page, reason) {
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  if (reason) await dialog.locator('textarea').fill(reason);
  await dialog.locator('button.main').click();
  await dialog.waitFor({ state: 'detached', timeout: 20_000 });
}

// A dead letter about money: tried, asked for by one admin, carried out by another.
export async function twoPeople(stage) {
  const { context, page } = await openWindow(stage.browser, { locale: 'en-GB' });
  const { owner, eventId } = stage.held.deadLetter;
  const path = `/console/dead-letters/${owner}/${eventId}`;
  await enter(stage, page, path);
  await page.getByRole('button', { name: 'Dry run' }).click();
  await decide(page);
  await page.locator('main ul[role="status"]').waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();
  await decide(page, 'nobody has this session');
  await page.getByText('waits for a second person').first().waitFor();
  await visit(page, '/console/dead-letters');
  assert.ok((await page.getByText('nobody has this session').count()) > 0, 'the request is in the list of approvals');
  stage.edge.setWho(stage.people.second);
  await enter(stage, page, path);
  await page.getByRole('button', { name: 'Discard' }).click();
  await decide(page, 'I looked too');
  await page.locator('main h1 + .chip.off').waitFor();
  await visit(page, '/console/audit');
  assert.ok((await page.getByText('I looked too').count()) > 0, 'the audit view has it');
  stage.edge.setWho(stage.people.admin);
  await context.close();
}

// A refund: asked for on the session's page by one, approved by another.
export async function refund(stage) {
  const { context, page } = await openWindow(stage.browser, { locale: 'en-GB' });
  await enter(stage, page, `/console/sessions/${stage.held.sessionId}`);
  await page.getByRole('button', { name: 'Ask for a refund' }).click();
  await page.getByRole('dialog').locator('input').fill('1,00');
  await decide(page, 'the screen was broken');
  await visit(page, '/console/refunds');
  await page.getByText('the screen was broken').first().waitFor();
  await page.getByRole('button', { name: 'Approve' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('button.main').click();
  await dialog.locator('.trouble').waitFor(); // the same person may not
  await page.keyboard.press('Escape');
  stage.edge.setWho(stage.people.second);
  await enter(stage, page, '/console/refunds');
  await page.getByRole('button', { name: 'Approve' }).first().click();
  await decide(page);
  await page.locator('main td .chip.good').first().waitFor({ timeout: 20_000 });
  stage.edge.setWho(stage.people.admin);
  await context.close();
}

// On a platform for drills: a fault is switched on with a reason, ends when it is told to, and who may only look cannot.
export async function faultSwitches(stage) {
  const { context, page } = await openWindow(stage.browser, { locale: 'en-GB' });
  stage.edge.setWho(stage.people.viewer);
  await enter(stage, page, '/console/faults');
  const row = page.locator('tr[data-fault="clock-skew"]');
  assert.ok(await row.getByRole('button', { name: 'Switch on' }).isDisabled(), 'a viewer switches nothing on');
  stage.edge.setWho(stage.people.operator);
  await enter(stage, page, '/console/faults');
  await row.getByRole('button', { name: 'Switch on' }).click();
  await page.getByRole('dialog').locator('input').fill('600');
  await decide(page, 'a drill by the browser');
  await row.locator('.chip.bad').waitFor({ timeout: 20_000 });
  assert.deepEqual(await violations(page), []);
  await row.getByRole('button', { name: 'End' }).click();
  await row.locator('.chip.off').waitFor({ timeout: 20_000 });
  await context.close();
}

// Who is not signed in sees no data, and who may only look is told why the buttons are off.
export async function rolesAreHonest(stage) {
  const { context, page, complaints } = await openWindow(stage.browser, { locale: 'en-GB' });
  stage.edge.setWho(undefined);
  await page.goto(`${stage.edge.url}/console/sessions/${stage.held.sessionId}`);
  await page.getByRole('heading', { name: 'Operator console' }).waitFor();
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(complaints, []);
  stage.edge.setWho(stage.people.viewer);
  await enter(stage, page, '/console/dead-letters');
  await page.getByText('is for the role admin').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Replay' }).isDisabled());
  stage.edge.setWho(stage.people.admin);
  await context.close();
}

// What cannot be had is said, with the code that leads on; nothing breaks.
export async function honestTrouble(stage) {
  const { context, page } = await openWindow(stage.browser, { locale: 'en-GB' });
  await enter(stage, page, '/console/');
  await visit(page, '/console/traces/0123456789abcdef0123456789abcdef').catch(() => undefined);
  await page.getByText('The trace store does not know it').waitFor();
  const sessions = /operations\/charging\/sessions(\?|$)/;
  await page.route(sessions, (route) => route.abort());
  await page.evaluate(() => history.pushState(null, '', '/console/'));
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.getByText('The platform does not answer.').waitFor();
  await page.unroute(sessions);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('tr[data-row]').first().waitFor();
  await context.close();
}

// Those of docs/guides/console.md.
const PICTURES = { light: ['stations', 'session', 'dead-letter'], dark: ['trace', 'services', 'flow'] };
export async function pictures(stage) {
  await mkdir(stage.pictures, { recursive: true });
  for (const scheme of SCHEMES) {
    const { context, page } = await openWindow(stage.browser, { locale: 'pt-BR', scheme, width: 1280, height: 800 });
    await enter(stage, page, '/console/');
    for (const name of stage.every ? Object.keys(pagesOf(stage)) : PICTURES[scheme]) {
      await visit(page, pagesOf(stage)[name]);
      if (name === 'trace') await page.locator('[data-span] .label').nth(2).click();
      await page.evaluate(() => document.fonts.ready);
      await page.mouse.move(0, 0);
      await page.screenshot({ path: join(stage.pictures, `console-${name}-${scheme}.png`) });
    }
    await context.close();
  }
}

// No check: the console with an operator's token, until the process ends.
export async function open(stage) {
  console.log(`${stage.edge.url}/console/`);
  await new Promise((done) => process.once('SIGINT', done));
}

// A sign-in that ends while somebody looks: the next answer says so, and the page shows the way back in.
export async function signedOut(stage) {
  const { context, page } = await openWindow(stage.browser, { locale: 'en-GB' });
  await enter(stage, page, '/console/sessions');
  stage.edge.setWho(undefined);
  await page.getByRole('button', { name: 'Sign in' }).waitFor({ timeout: 10_000 });
  stage.edge.setWho(stage.people.admin);
  await context.close();
}
