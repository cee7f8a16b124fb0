import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, test, vi } from 'vitest';
import { hasBrowser, kcr, openPage, temporaryFolder, tinyVit } from '../testing.ts';

const sweep = {
  name: 'tiny-sweep',
  recipe: {
    name: 'tiny',
    model: tinyVit,
    data: {},
    retrain: { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } },
  },
  parameters: { 'retrain.optimizer.lr': [1e-3, 1e-2] },
  folds: { count: 2 },
  metric: { path: 'compact.valLoss', goal: 'min' },
};

/** A folder with the sweep's file and images to train on. */
async function prepare() {
  const folder = await temporaryFolder();
  for (const [name, grey] of [
    ['dark', 30],
    ['light', 200],
  ] as const) {
    await mkdir(folder.at('data/train', name), { recursive: true });
    for (let i = 0; i < 4; i++) {
      const background = { r: grey + i, g: grey, b: grey };
      await sharp({ create: { height: 8, width: 8, channels: 3, background } }).toFile(
        folder.at('data/train', name, `${i}.png`),
      );
    }
  }
  await writeFile(folder.at('sweep.json'), JSON.stringify(sweep));
  const places = ['--data', folder.at('data'), '--out', folder.at('out')];
  const run = (...more: string[]) =>
    kcr('sweep', folder.at('sweep.json'), ...places, '--engine', 'eager', ...more);
  return Object.assign(folder, { run });
}

describe('kcr sweep', () => {
  test('runs the trials with the time left, and prints the settings, the report and the best', async () => {
    await using folder = await prepare();
    const { out, err, code } = await folder.run();
    expect(code).toBe(0);
    expect(err).toMatch(
      /trial 1\/4: retrain.optimizer.lr = 0.001, fold 0, seed 0\n(?:.*\n)*?compact: epoch 1\/1.*\n(?:.*\n)*?trial 1\/4: compact.valLoss 0\.\d+; 1 of 4 have ended, \d+ s left\n/,
    );
    expect(err).toMatch(/; 4 of 4 have ended\n$/);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^lr +compact.valLoss +trials +time$/);
    expect(lines.slice(4)).toEqual([
      '4 of 4 trials have ended',
      `report: ${folder.at('out/sweep.html')}`,
      `best:   ${folder.at('out/best.json')}`,
      '',
    ]);
    const again = await folder.run('--json');
    expect(JSON.parse(again.out)).toMatchObject({ done: 4, left: 0, best: { trials: 2 } });
    expect(again.err).toBe('');
    const report = await kcr('sweep', 'report', folder.at('out'), '--json');
    expect(JSON.parse(report.out)).toEqual(JSON.parse(again.out));
  });

  test('lists the trials, and runs none', async () => {
    await using folder = await prepare();
    const { out } = await folder.run('--dry-run');
    expect(out).toMatch(/^index +trial +state +setting\n0 +[0-9a-f]{12} +open +retrain/);
    expect(out).toMatch(/\n4 trials\n$/);
    expect(existsSync(folder.at('out'))).toBe(false);
    await folder.run('--index', '2');
    const listed = JSON.parse((await folder.run('--dry-run', '--json')).out);
    expect(listed.map(({ state }: { state: string }) => state)).toEqual([
      'open',
      'open',
      'done',
      'open',
    ]);
  });

  test.each(['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX'])(
    'runs the trial that %s says',
    async (name) => {
      await using folder = await prepare();
      vi.stubEnv(name, '3');
      try {
        const { err, code } = await folder.run();
        expect(code).toBe(0);
        expect(err.match(/^trial \d+\/4: retrain/gm)).toEqual(['trial 4/4: retrain']);
        vi.stubEnv(name, 'x');
        const wrong = await folder.run();
        expect([wrong.err, wrong.code]).toEqual([expect.stringContaining(name), 1]);
      } finally {
        vi.unstubAllEnvs();
      }
    },
  );

  test.each([
    ['OPTION', ['--index', '4']],
    ['OPTION', ['--tasks', '2']],
    ['OPTION', ['--index', '0', '--parallel', '2']],
  ])('%s: %s', async (code, args) => {
    await using folder = await prepare();
    const { err, code: exit } = await folder.run(...args);
    expect([err, exit]).toEqual([expect.stringContaining(`kcr: ${code}`), 1]);
  });

  test('needs a folder, and says the nearest name', async () => {
    const without = await kcr('sweep', 'kcr-eurosat');
    expect([without.err, without.code]).toEqual([expect.stringContaining('no --out'), 1]);
    const { err } = await kcr('sweep', 'kcr-eurosta', '--out', 'o');
    expect(err).toMatch(/SWEEP_UNKNOWN[\s\S]*Did you mean kcr-eurosat\?/);
  });
});

describe('kcr sweep submit', () => {
  test('writes an array job with as many tasks as trials, and the command that submits it', async () => {
    await using folder = await prepare();
    const args = ['sweep', 'submit', folder.at('sweep.json'), '--out', folder.at('out')];
    const { out } = await kcr(...args, '--slurm', '--time', '01:00:00');
    const file = folder.at('out/submit.sh');
    expect(out).toBe(`${file}: 4 trials in 4 tasks\nsbatch ${file}\n`);
    const script = await readFile(file, 'utf8');
    expect(script).toContain('#SBATCH --array=0-3\n');
    expect(script).toContain('#SBATCH --time=01:00:00\n');
    expect(script).toContain(`sweep ${folder.at('sweep.json')} --out ${folder.at('out')}\n`);
    const fewer = await kcr(...args, '--slurm', '--tasks', '2', '--concurrent', '1', '--json');
    expect(JSON.parse(fewer.out)).toMatchObject({ trials: 4, tasks: 2, command: `sbatch ${file}` });
    const two = await readFile(file, 'utf8');
    expect(two).toContain('#SBATCH --array=0-1%1\n');
    expect(two).toContain(' --tasks 2\n');
  });

  test('writes an Indexed Job, whose paths are those of the container', async () => {
    await using folder = await prepare();
    const file = folder.at('job.json');
    const { out } = await kcr(
      ...['sweep', 'submit', 'kcr-imagenet', '--kubernetes', '--out', 'runs/s', '--file', file],
      ...['--data', 'imagenet', '--image', 'kcr:1', '--claim', 'shared', '--device', 'cuda'],
    );
    expect(out).toBe(`${file}: 1890 trials in 1890 tasks\nkubectl apply -f ${file}\n`);
    const { spec } = JSON.parse(await readFile(file, 'utf8'));
    expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 1890 });
    expect(spec.template.spec.containers[0].command).toEqual([
      ...['kcr', 'sweep', 'kcr-imagenet', '--out', 'runs/s', '--data', 'imagenet'],
      ...['--device', 'cuda'],
    ]);
  });

  test.each([
    ['neither', []],
    ['both', ['--slurm', '--kubernetes']],
    ['no image', ['--kubernetes']],
    ['no claim', ['--kubernetes', '--image', 'i']],
    ['a device that is none', ['--slurm', '--device', 'gpu']],
    ['a time that is more', ['--slurm', '--time', '1 2']],
  ])('OPTION: %s', async (_, more) => {
    await using folder = await prepare();
    const out = folder.at('out');
    const { err, code } = await kcr('sweep', 'submit', 'kcr-eurosat', '--out', out, ...more);
    expect([err, code]).toEqual([expect.stringContaining('kcr: OPTION'), 1]);
    expect(existsSync(out)).toBe(false);
  });
});

test.skipIf(!hasBrowser)('the report shows in a browser, wide and narrow', async () => {
  await using folder = await prepare();
  await folder.run();
  const { page, problems, close } = await openPage(folder.at('out/sweep.html'));
  try {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    expect(await page.locator('figure svg').count()).toBe(2);
    expect(await page.locator('.verdict p').textContent()).toMatch(
      /^lr = [\d.]+: the lowest compact.valLoss of 2 settings, /,
    );
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
});
