// Debian's Chromium, driven by playwright-core; and what every page must be free of, collected while it is used.
import { chromium } from 'playwright-core';

const PROGRAM = process.env.EVCOSTA_CHROMIUM ?? '/usr/bin/chromium';

export async function openBrowser() {
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
}

// A person's browser window: one language, one colour scheme. `complaints` grows with every error on its console.
export async function openWindow(browser, { locale = 'pt-BR', scheme = 'light', width = 1440, height = 900, reducedMotion = 'reduce' } = {}) {
  const context = await browser.newContext({ locale, colorScheme: scheme, viewport: { width, height }, reducedMotion, timezoneId: 'America/Sao_Paulo' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => undefined);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { context, page, complaints };
}

// Everything that a page waits for has come: no placeholder, no pending panel.
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector('main[aria-busy="false"] h1') && !document.querySelector('.waiting, [data-panel] [role="status"]'), undefined, { timeout: 20_000 });
}

// By the console's own links, as a person goes: without loading the page again.
export async function visit(page, path) {
  await page.evaluate((address) => {
    const link = document.createElement('a');
    link.href = address;
    document.body.append(link);
    link.click();
    link.remove();
  }, path);
  await settled(page);
}
