import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import { vi } from 'vitest';
import { main } from './main.ts';

/** Runs the command in this process. */
export async function kcr(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  let [out, err] = ['', ''];
  const stdout = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => Boolean((out += text)));
  const stderr = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => Boolean((err += text)));
  process.exitCode = 0;
  try {
    await main(['node', 'kcr', ...args]);
    return { out, err, code: Number(process.exitCode) };
  } finally {
    process.exitCode = 0;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const BROWSER = '/usr/bin/chromium';
export const hasBrowser = existsSync(BROWSER);

/** Opens a page of this machine; `problems` collects errors and requests to anywhere else. */
export async function openPage(
  path: string,
): Promise<{ page: Page; problems: string[]; close(): Promise<void> }> {
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on(
    'request',
    (request) => request.url().startsWith('file:') || problems.push(request.url()),
  );
  await page.goto(`file://${path}`);
  return { page, problems, close: () => browser.close() };
}
