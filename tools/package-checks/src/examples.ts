import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../../..');

/** An example in a page. */
export interface Example {
  /** The page, and which one of several on it. */
  readonly name: string;
  readonly code: string;
  /** Of the file that it is written into; a program in TypeScript is compiled beside it. */
  readonly source: string;
  readonly program: string;
}

/** What an example did: see run-examples.mjs. */
export interface Outcome {
  readonly said: string;
  readonly complained: string;
  readonly error: string;
}

/** The examples in a page: its blocks of TypeScript and JavaScript. */
export async function examplesOf(page: string): Promise<Example[]> {
  const text = await readFile(join(repository, page), 'utf8');
  return [...text.matchAll(/^```(ts|js)\n(.*?)^```/gms)].map(([, language, code], i) => {
    const stem = `${page.replaceAll(/\W/g, '-')}-${i + 1}`;
    const name = i === 0 ? page : `${page} (${i + 1})`;
    const source = `${stem}.${language === 'ts' ? 'mts' : 'mjs'}`;
    return { name, code: code!, source, program: `out/${stem}.mjs` };
  });
}

/** How readers compile: strictly, for Node. */
const COMPILER = [
  ...['--strict', '--allowJs', '--checkJs', '--skipLibCheck', '--outDir', 'out'],
  ...['--target', 'es2022', '--lib', 'es2023,esnext.disposable,dom'],
  ...['--types', 'node', '--typeRoots', join(repository, 'node_modules/@types')],
];

/** Runs a program of Node in a folder, which may fail. */
const node = (folder: string, env: NodeJS.ProcessEnv, ...args: string[]) =>
  new Promise<{ stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
    execFile(process.execPath, args, options, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });

/**
 * Compiles sources of a folder into `out`.
 *
 * @param resolution how it finds modules: as Node does, or as bundlers do
 * @returns what the compiler says against them, line by line
 */
export async function compile(
  folder: string,
  sources: readonly string[],
  resolution: 'node16' | 'bundler' = 'node16',
): Promise<string[]> {
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  const module = ['--module', resolution === 'node16' ? 'node16' : 'esnext'];
  const finding = ['--moduleResolution', resolution];
  const { stdout } = await node(
    folder,
    {},
    compiler,
    ...COMPILER,
    ...module,
    ...finding,
    ...sources,
  );
  return stdout.split('\n').filter((line) => line !== '');
}

/** Runs programs of a folder one after another in one process, which loads the packages once. */
export async function runAll(
  folder: string,
  programs: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome[]> {
  const runner = join(import.meta.dirname, 'run-examples.mjs');
  const { stdout, stderr } = await node(folder, env, runner, ...programs);
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}
