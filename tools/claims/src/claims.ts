// npm run claims -- [NAME ...] --data FOLDER [--seeds N]: measures what the papers claim. What was measured before is not measured
// again: raw results are in tools/claims/raw, one file for each experiment, and docs/claims.md is made from them.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { imageFolder } from '@kcr/data';
import { measure, Progress } from '../../experiments/src/measure.ts';
import { claims } from './claims/index.ts';
import { forTest, Lab, type Sources } from './lab.ts';
import { writePage } from './page.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    seeds: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const usage = `usage: npm run claims -- [NAME ...] --data FOLDER [--seeds N]

  NAME     of ${claims.map(({ name }) => name).join(', ')}; default all
  --data   folder of EuroSAT images, with train/ and test/; without it docs/claims.md alone is made again
  --seeds  how many seeds, instead of each experiment's own number
`;
const unknown = positionals.find((name) => claims.every((claim) => claim.name !== name));
const seeds = values.seeds === undefined ? undefined : Number(values.seeds);
if (values.help || unknown || (seeds !== undefined && !(Number.isInteger(seeds) && seeds > 0))) {
  process.stderr.write(unknown ? `no experiment ${unknown}\n${usage}` : usage);
  process.exit(values.help ? 0 : 2);
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const rawOf = (name: string) => join(root, 'tools/claims/raw', `${name}.json`);

async function images(folder: string, size: number): Promise<Sources> {
  const train = await imageFolder(join(folder, 'train'), { size });
  const test = await imageFolder(join(folder, 'test'), { size, classes: train.classes });
  return { train, test };
}

async function measureClaims(folder: string): Promise<void> {
  const lab = new Lab((size) => images(folder, size), join(root, 'runs/claims'));
  const { train, test } = await images(folder, 32);
  const identity = await forTest(test).identity?.();
  const settings = { train: train.labels.length, test: test.labels.length, identity };
  const chosen = claims.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const planned = chosen.reduce(
    (sum, claim) => sum + claim.units.length * (seeds ?? claim.seeds),
    0,
  );
  const progress = new Progress(planned);
  for (const claim of chosen) {
    const units = claim.units.map(({ name, run }) => ({
      name,
      run: (seed: number) => run(lab, seed),
    }));
    await measure(
      rawOf(claim.name),
      settings,
      units,
      seeds ?? claim.seeds,
      ({ name }, seed, isNew) => progress.done(`${claim.name}, ${name}, seed ${seed}`, isNew),
    );
  }
}

if (values.data) await measureClaims(values.data);
await writePage(claims, rawOf, join(root, 'docs/claims.md'));
