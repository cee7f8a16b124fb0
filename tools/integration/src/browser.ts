import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';

/** Debian's Chromium, or the one that `CHROMIUM` names. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why tests in a browser are left out; nothing where there is one. */
export const withoutChromium = existsSync(CHROMIUM)
  ? undefined
  : `${CHROMIUM} is not there (CHROMIUM=... says where it is)`;

/** The folder of a package's file, which its `exports` may not show. */
const distOf = (name: string) =>
  join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'node_modules', name, 'dist');

/** Folders of packages that pages import from, by path. */
const PACKAGES: Readonly<Record<string, string>> = {
  ort: distOf('onnxruntime-web'),
  transformers: distOf('@huggingface/transformers'),
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

/** A page that runs a module, in which packages have their names. */
const pageOf = (
  module: string,
) => `<!doctype html><meta charset="utf-8"><title>exported files</title>
<script type="importmap">${JSON.stringify({
  imports: {
    'onnxruntime-web': '/ort/ort.wasm.min.mjs',
    '@huggingface/transformers': '/transformers/transformers.min.js',
  },
})}</script>
<script type="module">${module}</script>`;

export interface BrowserPage {
  readonly page: Page;
  /** Files of the page's server, by path: `give` before the page asks. */
  readonly files: Map<string, Uint8Array>;
  /** Folders of the page's server, by their first name in a path. */
  readonly folders: Map<string, string>;
  /** What went wrong in the page, and what it asked of anywhere else. */
  readonly problems: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A page of a local server in Chromium.
 *
 * @param module that it runs first, which can import `onnxruntime-web` and `@huggingface/transformers`
 */
export async function openBrowserPage(module: string): Promise<BrowserPage> {
  const files = new Map<string, Uint8Array>();
  const folders = new Map(Object.entries(PACKAGES));
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    if (path === '/') return Buffer.from(pageOf(module));
    const own = files.get(path);
    if (own) return own;
    const [, first = '', ...rest] = normalize(path).split('/');
    const folder = folders.get(first);
    const file = folder && join(folder, ...rest);
    return file && existsSync(file) ? readFile(file) : undefined;
  };
  const server = createServer(async ({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const found = await read(path);
    const type = TYPES[extname(path)] ?? (path === '/' ? 'text/html' : 'application/octet-stream');
    const headers = { 'content-type': type, 'cache-control': 'no-store' };
    response.writeHead(found ? 200 : 404, headers).end(found);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}/`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) problems.push(url);
  });
  await page.goto(origin);
  return {
    page,
    files,
    folders,
    problems,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await new Promise((closed) => server.close(closed));
    },
  };
}
