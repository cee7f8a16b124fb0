// npm run claims -- [NAME ...] --data FOLDER [--seeds N]: measures what the papers claim. What was measured before is not measured
// again: raw results are in tools/claims/raw, one file for each experiment, and docs/claims.md is made from them.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  horizontalFlip,
  imageDataset,
  imageFolder,
  randomCrop,
  transpose,
  verticalFlip,
} from '@kcr/data';
import { claims } from './claims/index.ts';
import { Lab } from './lab.ts';
import { writePage } from './page.ts';
import { readRaw, writeRaw } from './raw.ts';

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
const augment = [horizontalFlip(), verticalFlip(), transpose(), randomCrop(4)];
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

async function images(folder: string, size: number) {
  const train = await imageFolder(join(folder, 'train'), { size });
  const test = await imageFolder(join(folder, 'test'), { size, classes: train.classes });
  return {
    train: imageDataset(train, { normalization, augment }),
    test: imageDataset(test, { normalization }),
    sources: { train, test },
  };
}

const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`;

async function measure(folder: string): Promise<void> {
  const lab = new Lab((size) => images(folder, size), join(root, 'runs/claims'));
  const { train, test } = await images(folder, 32);
  const settings = { train: train.length, test: test.length, identity: await test.identity?.() };
  const chosen = claims.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const started = performance.now();
  let done = 0;
  const planned = chosen.reduce(
    (sum, claim) => sum + claim.units.length * (seeds ?? claim.seeds),
    0,
  );
  let skipped = 0;
  for (const claim of chosen) {
    const raw = await readRaw(rawOf(claim.name), settings);
    for (let seed = 0; seed < (seeds ?? claim.seeds); seed++)
      for (const { name, run } of claim.units) {
        const own = (raw.outcomes[name] ??= {});
        if (own[seed]) skipped++;
        else {
          own[seed] = await run(lab, seed);
          await writeRaw(rawOf(claim.name), raw);
          done++;
        }
        const left =
          ((performance.now() - started) / Math.max(done, 1)) * (planned - done - skipped);
        process.stderr.write(
          `${claim.name}, ${name}, seed ${seed}: done; about ${minutes(left)} left\n`,
        );
      }
  }
}

if (values.data) await measure(values.data);
await writePage(claims, rawOf, join(root, 'docs/claims.md'));
