import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createModel } from '@kcr/backbones';
import { encodeSafetensors, Generator } from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalHub } from '../../integration/src/local-hub.ts';

const root = resolve(import.meta.dirname, '../../..');

interface Example {
  /** The page, and which one of several on it. */
  readonly name: string;
  readonly code: string;
  /** Of the file that it is written into; a program in TypeScript is compiled beside it. */
  readonly source: string;
  readonly program: string;
}

/** The examples in a page: its blocks of TypeScript and JavaScript. */
async function examplesOf(page: string): Promise<Example[]> {
  const text = await readFile(join(root, page), 'utf8');
  return [...text.matchAll(/^```(ts|js)\n(.*?)^```/gms)].map(([, language, code], i) => {
    const stem = `${page.replaceAll(/\W/g, '-')}-${i + 1}`;
    const name = i === 0 ? page : `${page} (${i + 1})`;
    const source = `${stem}.${language === 'ts' ? 'mts' : 'mjs'}`;
    return { name, code: code!, source, program: `out/${stem}.mjs` };
  });
}

const packages = (await readdir(join(root, 'packages'))).map((name) => `packages/${name}`);
const guides = ['docs', 'docs/extending'].map(async (folder) =>
  (await readdir(join(root, folder)))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}/${file}`),
);
const pages = ['README.md', ...packages.map((path) => `${path}/README.md`)];
const found = await Promise.all([...pages, ...(await Promise.all(guides)).flat()].map(examplesOf));
const examples = found.flat();

/** What an example did: see run-examples.mjs. */
interface Outcome {
  readonly said: string;
  readonly complained: string;
  readonly error: string;
}

/** Where the examples are: as a reader's folder, with the packages installed and the repository's images. */
let folder: string;
let complaints: string;
let outcomes: readonly Outcome[];

const PUBLISHED = 'deit_tiny_patch16_224';

/** A hub on this machine that has the model that the pages take, with weights that nobody trained. */
function openHub(): Promise<LocalHub> {
  const [mean, std] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const input = { input_size: [3, 224, 224], interpolation: 'bicubic', crop_pct: 0.9, mean, std };
  const config = { architecture: PUBLISHED, num_classes: 1000, pretrained_cfg: input };
  const tensors = createModel(PUBLISHED).initialize(new Generator(0));
  const files = {
    'config.json': { bytes: Buffer.from(JSON.stringify(config)) },
    'model.safetensors': { bytes: encodeSafetensors({ tensors, metadata: { format: 'pt' } }) },
  };
  return LocalHub.open({ [`timm/${PUBLISHED}.fb_in1k`]: { files } });
}

/** Runs a program of Node in the folder. */
const run = (env: NodeJS.ProcessEnv, ...args: string[]) =>
  new Promise<{ stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
    execFile(process.execPath, args, options, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });

const COMPILER = [
  ...['--strict', '--allowJs', '--checkJs', '--skipLibCheck', '--outDir', 'out'],
  ...['--target', 'es2022', '--module', 'node16', '--lib', 'es2023,esnext.disposable,dom'],
  ...['--types', 'node'],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-examples-'));
  for (const shared of ['node_modules', 'tools'])
    await symlink(join(root, shared), join(folder, shared));
  for (const { source, code } of examples) await writeFile(join(folder, source), code);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const sources = examples.map(({ source }) => source);
  complaints = (await run({}, compiler, ...COMPILER, ...sources)).stdout;
  // In one process, which loads the packages once.
  const runner = join(import.meta.dirname, 'run-examples.mjs');
  await using hub = await openHub();
  const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: join(folder, 'hub'), HF_TOKEN: '' };
  const { stdout, stderr } = await run(env, runner, ...examples.map(({ program }) => program));
  expect(stderr).toBe('');
  outcomes = JSON.parse(stdout);
});
afterAll(() => rm(folder, { recursive: true }));

test('every package that is a library has an example', () => {
  const having = new Set(examples.map(({ name }) => name));
  expect(packages.filter((path) => !having.has(`${path}/README.md`))).toEqual(['packages/cli']);
});

describe('what the pages show is what a reader can do with the packages', () => {
  test.each(examples)('$name', ({ source, code }) => {
    const i = examples.findIndex((example) => example.source === source);
    const own = complaints.split('\n').filter((line) => line.startsWith(source));
    expect(own).toEqual([]);
    const { said, complained, error } = outcomes[i]!;
    expect(error).toBe('');
    expect(complained).toBe('');
    // One that is a module for others says nothing by itself.
    if (!/^export /m.test(code)) expect(said).not.toBe('');
  });
});
