import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { Generator, type LoadedModel, type Model, plainPreprocessing, saveModel } from '@kcr/core';
import { findModel } from '@kcr/pipeline';
import { CommanderError } from 'commander';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { vi } from 'vitest';
import { main, program } from './main.ts';

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

/** A page in a browser; `problems` collects errors, and requests to elsewhere than `allowed`. */
async function openAt(address: string, allowed: string) {
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on(
    'request',
    (request) =>
      [allowed, 'blob:', 'data:'].some((start) => request.url().startsWith(start)) ||
      problems.push(request.url()),
  );
  await page.goto(address);
  return { page, problems, close: () => browser.close() };
}

/** A page that is open in a browser. */
export interface OpenPage {
  readonly page: Page;
  readonly problems: string[];
  close(): Promise<void>;
}

/** Opens a page of this machine; `problems` collects errors and requests to anywhere else. */
export const openPage = (path: string): Promise<OpenPage> => openAt(`file://${path}`, 'file:');

/** What a plain static server says of files, by the end of their names. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** Opens a folder that a plain static server gives. @param headers of all its answers */
export async function openServed(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenPage> {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url!, 'http://localhost');
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    response.writeHead(bytes ? 200 : 404, { ...headers, 'content-type': type }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = `http://localhost:${port}/`;
  const { close, ...opened } = await openAt(address, address);
  return {
    ...opened,
    async close() {
      await close();
      server.close();
    },
  };
}

/** How a command line is read, without running the command. */
export interface ReadCommand {
  readonly command?: string;
  readonly args?: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Reads a command line: what the command would be given, or what is said instead. */
export async function readCommand(...args: string[]): Promise<ReadCommand> {
  const kcr = program();
  let [out, err] = ['', ''];
  let read: Partial<ReadCommand> = {};
  for (const command of [kcr, ...kcr.commands])
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        out += text;
      },
      writeErr: (text) => {
        err += text;
      },
    });
  for (const command of kcr.commands)
    command.action(() => {
      read = { command: command.name(), args: command.args, options: command.opts() };
    });
  try {
    await kcr.parseAsync(['node', 'kcr', ...args]);
    return { ...read, out, err, code: 0 };
  } catch (error) {
    if (error instanceof CommanderError) return { out, err, code: error.exitCode };
    throw error;
  }
}

/** A ViT of 8 px with two classes. */
export const tinyVit = {
  name: 'vit_tiny_patch16_224',
  config: { img_size: 8, patch_size: 4, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 },
};

/** A checkpoint of a model with drawn weights; default: of {@link tinyVit}. */
export async function tinyCheckpoint(directory: string, given?: Model): Promise<LoadedModel> {
  const model = given ?? (await findModel(tinyVit.name, tinyVit.config));
  const weights = model.initialize(new Generator(0));
  const info = { classes: ['dark', 'light'], input: plainPreprocessing(model.inputShape) };
  await saveModel(directory, model, weights, info);
  return { model, weights, info };
}

/** Writes two grey images of 8 px of each of the classes dark and light. */
export async function writeClassFolders(root: string): Promise<void> {
  for (const [label, grey] of [
    ['dark', 30],
    ['light', 200],
  ] as const) {
    await mkdir(join(root, label), { recursive: true });
    const background = { r: grey, g: grey, b: grey };
    for (const i of [0, 1])
      await sharp({ create: { height: 8, width: 8, channels: 3, background } }).toFile(
        join(root, label, `${i}.png`),
      );
  }
}

/** A folder for one test, which is gone at the end of the scope of an `await using`. */
export async function temporaryFolder(): Promise<{
  root: string;
  at(...parts: string[]): string;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const root = await mkdtemp(join(tmpdir(), 'kcr-cli-'));
  return {
    root,
    at: (...parts) => join(root, ...parts),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}
