import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Generator } from '@kcr/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const bin = join(import.meta.dirname, '../../../packages/cli/dist/bin.js');

const isThere = await run('mpirun.openmpi', ['--version']).then(
  () => true,
  () => false,
);

/** Runs the command in so many processes. */
function kcr(processes: number, ...args: readonly string[]) {
  const starter = [
    'mpirun.openmpi',
    '--allow-run-as-root',
    '--oversubscribe',
    '-np',
    String(processes),
  ];
  const [program, ...rest] = [...(processes > 1 ? starter : []), process.execPath, bin, ...args];
  return run(program!, rest);
}

const training = { epochs: 2, batchSize: 8, optimizer: { lr: 1e-3 } };
const model = {
  name: 'vit_tiny_patch16_224',
  config: { img_size: 8, patch_size: 4, embed_dim: 8, depth: 1, num_heads: 2 },
};
const masks = { use: '@kcr/masks#gumbelMasks', options: { dims: ['hidden'], budget: 0.7 } };
const recipes = {
  search: {
    model,
    data: {},
    dense: training,
    search: { ...training, architectureShare: 0.5, plugins: [masks] },
    retrain: { ...training, initial: 'search' },
    ablations: { compactBare: [] },
  },
  prune: {
    model,
    data: {},
    dense: training,
    prune: {
      criterion: { use: '@kcr/criteria#taylor' },
      dims: ['hidden'],
      allocator: 'uniform',
      budget: 0.7,
      images: 8,
      batchSize: 4,
    },
    retrain: training,
  },
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-mpi-'));
  const pixels = new Generator(0);
  for (const part of ['train', 'test'])
    for (const label of ['a', 'b']) {
      const folder = join(root, 'images', part, label);
      await mkdir(folder, { recursive: true });
      for (let i = 0; i < 16; i++) {
        const data = Uint8Array.from({ length: 192 }, () => 256 * pixels.uniform());
        await sharp(data, { raw: { width: 8, height: 8, channels: 3 } }).toFile(
          join(folder, `${i}.png`),
        );
      }
    }
  for (const [name, recipe] of Object.entries(recipes))
    await writeFile(join(root, `${name}.json`), JSON.stringify({ name, ...recipe }));
});
afterAll(() => rm(root, { recursive: true }));

/** Compresses in so many processes, into a folder. @returns the numbers that do not depend on the machine's speed, by model */
async function compressed(processes: number, recipe: string, out: string) {
  const given = ['--data', join(root, 'images'), '--out', join(root, out)];
  const { stderr } = await kcr(processes, 'compress', join(root, `${recipe}.json`), ...given);
  const models: Record<string, Record<string, number>> = JSON.parse(
    await readFile(join(root, out, 'summary.json'), 'utf8'),
  );
  const losses = await Promise.all(
    Object.keys(models).map(async (name) => {
      const folder = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const log = join(root, out, folder, 'metrics.jsonl');
      const lines = existsSync(log) ? (await readFile(log, 'utf8')).trim().split('\n') : [];
      return lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
    }),
  );
  const counts = Object.values(models).map(({ macs, params }) => [macs, params]);
  return { stderr, names: Object.keys(models), counts, losses: losses.flat() };
}

describe.skipIf(!isThere)('processes of Open MPI that run the command together', () => {
  test.each(Object.keys(recipes))(
    '%s: what comes out is what one process makes',
    async (recipe) => {
      const one = await compressed(1, recipe, `${recipe}-1`);
      const two = await compressed(2, recipe, `${recipe}-2`);
      expect(two.names).toEqual(one.names);
      expect(two.counts).toEqual(one.counts);
      expect(one.losses.length).toBeGreaterThanOrEqual(4);
      two.losses.forEach((loss, i) => {
        expect(loss).toBeCloseTo(one.losses[i]!, 5);
      });
      // One of them says how it goes, and all files are there as they are of one.
      expect(two.stderr.match(/dense: epoch 2\/2/g)).toHaveLength(1);
      const files = async (n: number) =>
        (await readdir(join(root, `${recipe}-${n}`), { recursive: true })).sort();
      expect(await files(2)).toEqual(await files(1));
    },
  );

  test('a run of two goes on as one process', async () => {
    const [file, data] = [join(root, 'search.json'), join(root, 'images')];
    const out = join(root, 'gone-on');
    await kcr(2, 'search', file, '--data', data, '--out', out);
    const { stderr, losses } = await compressed(1, 'search', 'gone-on');
    expect(stderr).not.toContain('search: epoch');
    const { losses: whole } = await compressed(1, 'search', 'search-1');
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(whole[i]!, 5);
    });
  });

  test('what is wrong is said once, and what would be done twice is refused', async () => {
    const wrong = await kcr(2, 'compress', join(root, 'none.json'), '--out', root).catch((e) => e);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr.match(/kcr: RECIPE_/g)).toHaveLength(1);
    const twice = await kcr(2, 'list', 'models').catch((e) => e);
    expect(twice.code).not.toBe(0);
    expect(twice.stderr).toContain('kcr: MPI_COMMAND');
    expect(twice.stdout).toBe('');
  });
});
