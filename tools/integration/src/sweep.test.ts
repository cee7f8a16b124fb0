// Sweeps in processes of their own: several at once on one folder, one that is killed, and those of a cluster.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSweep, runSweep, shippedSweeps } from '@kcr/pipeline';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const bin = join(repository, 'packages/cli/src/bin.ts');
let root: string;
const at = (...parts: string[]) => join(root, ...parts);

const recipe = (epochs: number) => ({
  name: 'tiny',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: 8, patch_size: 4, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 },
  },
  data: { augment: ['horizontalFlip'] },
  retrain: { epochs, batchSize: 4, optimizer: { lr: 1e-3 }, emaDecay: 0.9 },
});

const sweep = (epochs: number, rates = [1e-3, 1e-2]) => ({
  name: 'tiny-sweep',
  recipe: recipe(epochs),
  parameters: { 'retrain.optimizer.lr': rates },
  folds: { count: 2 },
  metric: { path: 'compact.valLoss', goal: 'min' },
});

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-sweep-'));
  for (const [name, base] of [
    ['dark', 20],
    ['light', 150],
  ] as const) {
    await mkdir(at('data/train', name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const background = { r: base + 9 * i, g: base, b: base + 5 * i };
      await sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toFile(at('data/train', name, `${i}.png`));
    }
  }
  await writeFile(at('short.json'), JSON.stringify(sweep(2)));
  await writeFile(at('long.json'), JSON.stringify(sweep(30, [1e-3])));
});
afterAll(() => rm(root, { recursive: true }));

/** Starts the command from its sources; `seen` has what it says on standard error. */
function start(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', bin, ...args], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KCR_WORKERS: '0' },
  });
  const run = { child, out: '', seen: '', ended: once(child, 'close') };
  child.stdout.on('data', (text) => (run.out += text));
  child.stderr.on('data', (text) => (run.seen += text));
  return run;
}

const sweepOf = (file: string, out: string, ...more: string[]) =>
  start('sweep', at(file), '--data', at('data'), '--out', at(out), ...more);

/** Places of the trials that were begun. */
const begun = (text: string): string[] =>
  [...text.matchAll(/trial (\d+)\/\d+: retrain/g)].map(([, n]) => n!);

/** What trials came to, by id: weights, and numbers but for times. */
async function resultsOf(out: string): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const id of (await readdir(at(out, 'trials'))).toSorted()) {
    const folder = at(out, 'trials', id);
    const { numbers } = JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'));
    for (const time of ['latencyMs', 'seconds']) delete numbers.compact[time];
    const weights = await readFile(join(folder, 'run/compact/model.safetensors'));
    results[id] = { numbers, weights: weights.toString('base64') };
  }
  return results;
}

test('two processes that race never take one trial', { timeout: 240_000 }, async () => {
  const runs = [sweepOf('short.json', 'race', '--json'), sweepOf('short.json', 'race', '--json')];
  for (const { ended } of runs) expect(await ended).toEqual([0, null]);
  const all = runs.map(({ seen }) => begun(seen));
  expect(all.flat().toSorted()).toEqual(['1', '2', '3', '4']);
  for (const { out } of runs) expect(JSON.parse(out)).toMatchObject({ done: 4, left: 0 });
});

test('a trial that was killed goes on in another process, and ends with the same bits', {
  timeout: 300_000,
}, async () => {
  const killed = sweepOf('long.json', 'killed');
  await new Promise<void>((resolve) => {
    killed.child.stderr.on('data', () => killed.seen.includes('epoch 5/30') && resolve());
    killed.child.once('close', () => resolve());
  });
  killed.child.kill('SIGKILL');
  expect(await killed.ended).toEqual([null, 'SIGKILL']);
  const [first] = await readdir(at('killed/trials'));
  const left = await readdir(at('killed/trials', first!));
  // It held the trial, and did not end it.
  expect(left).toContain('run.lock');
  expect(left).not.toContain('result.json');
  const goesOn = sweepOf('long.json', 'killed');
  expect(await goesOn.ended).toEqual([0, null]);
  expect([...goesOn.seen.matchAll(/epoch 1\/30/g)]).toHaveLength(1);
  const whole = sweepOf('long.json', 'whole', '--parallel', '2');
  expect(await whole.ended).toEqual([0, null]);
  expect(begun(whole.seen).toSorted()).toEqual(['1', '2']);
  expect(whole.seen).toMatch(/^\[1\] .*\n/m);
  const results = await resultsOf('killed');
  expect(Object.keys(results)).toHaveLength(2);
  expect(results).toEqual(await resultsOf('whole'));
});

test('a process of --parallel that ends before its time is said', {
  timeout: 240_000,
}, async () => {
  const file = at('wrong.json');
  await writeFile(file, JSON.stringify(sweep(2)));
  const run = start(
    'sweep',
    file,
    '--data',
    at('nowhere'),
    '--out',
    at('wrong'),
    '--parallel',
    '2',
  );
  expect(await run.ended).toEqual([1, null]);
  expect(run.seen).toMatch(/\[1\] kcr: FOLDER_READ/);
  expect(run.seen).toMatch(/kcr: SWEEP_WORKER/);
});

/** Whether a Slurm answers: `tools/cluster/slurm.sh start` makes one. */
function hasSlurm(): boolean {
  try {
    return /idle|mix|alloc/.test(execFileSync('sinfo', ['-h', '-o', '%T'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

// `sbatch` may not be installed, or its daemons may not run.
const needed = 'where a Slurm answers (tools/cluster/slurm.sh start makes one)';
describe.skipIf(!hasSlurm())(`Slurm, ${needed}`, () => {
  test('an array job runs each trial in a task', { timeout: 240_000 }, async () => {
    const args = ['--data', at('data'), '--out', at('slurm'), '--slurm', '--cpus', '1', '--json'];
    const submitted = start('sweep', 'submit', at('short.json'), ...args);
    expect(await submitted.ended).toEqual([0, null]);
    const { command, trials } = JSON.parse(submitted.out);
    expect(trials).toBe(4);
    const [program, ...own] = command.split(' ');
    expect(program).toBe('sbatch');
    execFileSync(program, ['--wait', ...own], { stdio: 'ignore' });
    for (const index of [0, 1, 2, 3]) {
      const log = await readFile(at('slurm', `slurm-${index}.log`), 'utf8');
      expect(begun(log)).toEqual([String(index + 1)]);
    }
    const report = start('sweep', 'report', at('slurm'), '--json');
    await report.ended;
    expect(JSON.parse(report.out)).toMatchObject({ done: 4, left: 0, failures: [] });
  });
});

test('the sweep that comes along as the example, at its smallest', {
  timeout: 240_000,
}, async () => {
  const { default: whole } = await import(shippedSweeps['kcr-eurosat']);
  const loaded = await loadSweep({
    ...whole,
    set: { 'retrain.epochs': 1 },
    parameters: { 'retrain.plugins.0.options.eta': [0.001, 0.1] },
    folds: { count: 2, share: 0.2 },
  });
  const data = join(repository, 'tools/data/eurosat-2500');
  const { findings } = await runSweep(loaded, { data, out: at('example') });
  expect(findings).toMatchObject({ done: 4, left: 0, failures: [] });
  // Ten classes, and half of 400 images to train on: better than nothing, and no more.
  expect(findings.best!.score.mean).toBeGreaterThan(0.05);
  expect(findings.best!.recipe.data).toEqual(whole.recipe.data);
});
