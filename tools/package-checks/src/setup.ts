import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { LocalRegistry, npmrc, run } from './registry.ts';

/** What npm says of a package that it publishes. */
export interface Published {
  readonly version: string;
  /** Bytes of the file that is downloaded, and of all that is in it. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the local registry that all packages are published to. */
    registry: string;
    /** The packages by name, with the scope. */
    published: Readonly<Record<string, Published>>;
  }
}

/** Publishes all packages, as they are built, to a registry on this machine. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const registry = await LocalRegistry.open();
  const folder = await mkdtemp(join(tmpdir(), 'kcr-publish-'));
  await writeFile(join(folder, '.npmrc'), npmrc(registry.url));
  const root = resolve(import.meta.dirname, '../../..');
  const said = await run(
    root,
    ...['npm', 'publish', '--workspaces', '--json', '--userconfig', join(folder, '.npmrc')],
  );
  project.provide('registry', registry.url);
  project.provide('published', JSON.parse(said));
  return async () => {
    await registry[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
}
