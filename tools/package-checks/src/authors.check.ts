import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { kindNames } from '@kcr/create-plugin';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { npmrc } from './registry.ts';

// What authors have: packages of their own (those of examples/, and one of each kind that the published command writes), installed
// together beside the published packages.
const repository = resolve(import.meta.dirname, '../../..');
const examples = (await readdir(join(repository, 'examples'))).filter((name) =>
  existsSync(join(repository, 'examples', name, 'package.json')),
);

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

/** Runs a program to its end; what it printed is in the error where it fails. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { cwd, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${basename(program)} ${args.join(' ')}\n${stdout}\n${stderr}`, {
      cause: error,
    });
  }
}
const node = (cwd: string, ...args: string[]) => run(cwd, process.execPath, ...args);
const bin = (cwd: string, name: string, ...args: string[]) =>
  run(cwd, at('node_modules/.bin', name), ...args);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-authors-'));
  await writeFile(at('.npmrc'), `ignore-scripts=true\n${npmrc(inject('registry'))}`);
  for (const name of examples)
    await cp(join(repository, 'examples', name), at(name), {
      recursive: true,
      filter: (path) => !/node_modules|dist$/.test(path.slice(repository.length)),
    });
  await writeWithCommand();
  const manifest = {
    private: true,
    type: 'module',
    workspaces: [...examples, ...kindNames.map((kind) => `own-${kind}`)],
    dependencies: Object.fromEntries(
      Object.entries(inject('published')).map(([name, { version }]) => [name, version]),
    ),
  };
  await writeFile(at('package.json'), JSON.stringify(manifest));
  await run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline');
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a package of each kind by the published command. */
async function writeWithCommand(): Promise<void> {
  const command = at('command');
  await mkdir(command);
  await writeFile(join(command, 'package.json'), '{ "private": true }');
  await run(command, 'npm', 'install', '@kcr/create-plugin', '--userconfig', at('.npmrc'));
  const bin = join(command, 'node_modules/.bin/create-plugin');
  for (const kind of kindNames)
    await node(folder, bin, '--kind', kind, '--name', `own-${kind}`, '--dir', at(`own-${kind}`));
  await rm(command, { recursive: true });
}

test('an installation has one core', async () => {
  const all = await run(folder, 'npm', 'ls', '@kcr/core', '--all', '--parseable');
  expect(new Set(all.trim().split('\n'))).toEqual(new Set([at('node_modules/@kcr/core')]));
});

test('all compile by strict settings, those of a written package', async () => {
  const sources = [...kindNames.map((kind) => `own-${kind}`), 'fpn-head', 'lora', 'pvt'];
  const include = sources.flatMap((name) => [`${name}/src`, `${name}/*.ts`]);
  await writeFile(
    at('tsconfig.json'),
    JSON.stringify({ extends: './own-plugin/tsconfig.json', include }),
  );
  await bin(folder, 'tsc', '--noEmit');
  // What runs in a browser has other globals.
  await bin(at('web'), 'tsc', '--noEmit');
});

describe.concurrent('npm create @kcr/plugin', () => {
  // The tests of all templates are run from the sources, by `npm test` of the repository.
  test('the tests of a written package are green', async () => {
    const said = await run(at('own-criterion'), 'npm', 'test');
    expect(said).toMatch(/Tests .*7 passed/);
  });

  test('recipes name what the packages have', async () => {
    for (const kind of kindNames) await quickBuild(`own-${kind}`);
    const recipes = kindNames.map((kind) => at(`own-${kind}`, 'recipe.ts'));
    await writeFile(at('inspect.mjs'), INSPECT);
    const found = JSON.parse(await node(folder, 'inspect.mjs', ...recipes));
    const own = kindNames.map((kind) => [`own-${kind}`, expect.stringContaining(`own-${kind}`)]);
    expect(found).toEqual(own);
  });
});

/** Builds a package without its types, which take most of the time. */
const quickBuild = (name: string) =>
  bin(
    at(name),
    'esbuild',
    ...['src/index.ts', '--bundle', '--packages=external', '--format=esm', '--target=node20'],
    '--outfile=dist/index.js',
  );

/** Inspects recipes, and says what of other modules they name. */
const INSPECT = `import { inspectRecipe, loadRecipe } from '@kcr/pipeline';
const found = [];
for (const path of process.argv.slice(2)) {
  const recipe = await loadRecipe(path);
  const { name, parts } = await inspectRecipe(recipe);
  const named = [...parts.map(({ part }) => part.use), recipe.model.name, recipe.model.head?.module];
  found.push([name, named.join(' ')]);
}
process.stdout.write(JSON.stringify(found));
process.exit();
`;

describe.concurrent('the tests of examples are green', () => {
  test.each(examples)('%s', async (name) => {
    await run(at(name), 'npm', 'test');
  });
});

/** A short run of a recipe, with other trainings than its own. */
const SHORT = `import recipe from './recipe.ts';
const training = { epochs: 1, batchSize: 4, optimizer: { lr: 1e-3 } };
export default Object.fromEntries(Object.entries(recipe).map(([field, value]) =>
  [field, field === 'dense' || field === 'retrain' ? training : value]));
`;

describe.concurrent('the command takes what is not from here', () => {
  /** Trains by the recipe of an example and brings what comes out through all commands. */
  async function wholeWay(name: string, data: string, test: string, image: string) {
    const place = at(name);
    await writeFile(join(place, 'short.ts'), SHORT);
    await bin(place, 'kcr', 'compress', 'short.ts', '--data', data, '--out', 'run');
    const trust = ['--trust', `kcr-example-${name}`];
    const kcr = (...args: string[]) => bin(place, 'kcr', ...args, ...trust);
    const measured = JSON.parse(await kcr('eval', 'run/compact', '--data', test, '--json'));
    await kcr('predict', image, '--model', 'run/compact', '--out', 'found');
    await kcr('export', 'run/compact', '--out', 'model.onnx', '--check', test);
    const { images } = JSON.parse(await readFile(join(place, 'found/predictions.json'), 'utf8'));
    const summary = JSON.parse(await readFile(join(place, 'run/summary.json'), 'utf8'));
    return { measured, images, summary };
  }

  test('a backbone is trained, pruned, measured, shown images and exported', async () => {
    for (const part of ['train', 'test'])
      for (const [label, grey] of Object.entries({ dark: 40, light: 200 })) {
        await mkdir(at('images', part, label), { recursive: true });
        for (let i = 0; i < 4; i++) {
          const background = { r: grey + i, g: grey, b: grey };
          await sharp({ create: { height: 32, width: 32, channels: 3, background } }).toFile(
            at('images', part, label, `${i}.png`),
          );
        }
      }
    const image = '../images/test/dark/0.png';
    await run(at('pvt'), 'npm', 'run', 'build');
    const { measured, images, summary } = await wholeWay(
      'pvt',
      '../images',
      '../images/test',
      image,
    );
    expect(measured).toMatchObject({ n: 8, top1: summary.compact.top1 });
    expect(summary.compact.macs / summary.dense.macs).toBeLessThan(0.7);
    expect(images).toHaveLength(1);
    const untrusted = ['eval', 'run/compact', '--data', '../images/test'];
    await expect(bin(at('pvt'), 'kcr', ...untrusted)).rejects.toThrow('CHECKPOINT_TRUST');
  });

  test('a head is trained, measured, shown images and exported', async () => {
    const side = 64;
    const inside = (i: number) => i % side > 16 && i % side < 48 && i > 16 * side;
    for (const part of ['train', 'val'])
      for (const [kind, channels, grey] of [
        ['images', 3, 200],
        ['labels', 1, 1],
      ] as const) {
        await mkdir(at('maps', part, kind), { recursive: true });
        const pixels = Buffer.from(
          Array.from({ length: side * side * channels }, (_, i) =>
            inside(Math.floor(i / channels)) ? grey : 0,
          ),
        );
        for (let i = 0; i < 4; i++)
          await sharp(pixels, { raw: { width: side, height: side, channels } })
            .toColourspace(channels === 1 ? 'b-w' : 'srgb')
            .toFile(at('maps', part, kind, `${i}.png`));
      }
    const image = '../maps/val/images/0.png';
    await quickBuild('fpn-head');
    const { measured, images, summary } = await wholeWay(
      'fpn-head',
      '../maps',
      '../maps/val',
      image,
    );
    expect(measured).toMatchObject({ n: 4, meanIou: summary.compact.meanIou });
    expect(images).toHaveLength(1);
  });
});
