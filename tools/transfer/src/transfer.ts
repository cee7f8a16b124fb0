// npm run transfer -- [NAME ...] --eurosat FOLDER --flowers FOLDER [--seeds N]: what transfer is worth. What was measured before is
// not measured again: raw results are in tools/transfer/raw. Prints the tables of docs/results.md, without folders those of what is there.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { labelledImages } from '@kcr/data';
import type { PipelineEvent } from '@kcr/pipeline';
import { measure, Progress } from '../../experiments/src/measure.ts';
import { readRaw } from '../../experiments/src/raw.ts';
import { type Backbone, backbones, PRETRAINING, targets, ways } from './plan.ts';
import { tables } from './tables.ts';
import { type Folders, partOf, units } from './units.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    eurosat: { type: 'string' },
    flowers: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
const usage = `usage: npm run transfer -- [NAME ...] --eurosat FOLDER --flowers FOLDER [--seeds N]

  NAME       of ${Object.keys(backbones).join(', ')}; default all
  --eurosat  folder with train.tar and test.tar (or folders train and test), 600 images of each of the 10 classes in both
  --flowers  folder with one folder of 40 images for each class
  --seeds    how many seeds, default 3
  Without folders the tables of what was measured are made again.
`;
const seeds = Number(values.seeds);
const { eurosat, flowers } = values;
const isKnown = positionals.every((name) => Object.hasOwn(backbones, name));
const isAsked = isKnown && Number.isInteger(seeds) && seeds > 0 && !eurosat === !flowers;
if (values.help || !isAsked) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const path = join(root, 'tools/transfer/raw/transfer.json');

/** A line for each tenth epoch and each import, on standard error. */
function tell(event: PipelineEvent): void {
  if (event.type === 'imported') process.stderr.write(`${event.where}: ${event.text}\n`);
  if (event.type !== 'epoch') return;
  const { stage, record, epochs } = event;
  if (record.epoch! % 10 === 0 || record.epoch === epochs)
    process.stderr.write(`${stage}: epoch ${record.epoch}/${epochs}, loss ${record.loss}\n`);
}

/** What the images at a path are. */
const identityOf = async (images: string) =>
  (await labelledImages(images, { size: 32 })).identity?.();

/** What results are of: those of another plan or of other images are not put beside each other. */
const settingsOf = async (folders: Folders) => ({
  backbones,
  pretraining: PRETRAINING,
  targets,
  ways,
  train: await identityOf(join(folders.eurosat, partOf(folders, 'train'))),
  test: await identityOf(join(folders.eurosat, partOf(folders, 'test'))),
  flowers: await identityOf(folders.flowers),
});

if (eurosat && flowers) {
  const folders = { eurosat, flowers, runs: join(root, 'runs/transfer'), on: tell };
  const chosen = positionals.length > 0 ? positionals : Object.keys(backbones);
  const all = chosen.flatMap((backbone) => units(backbone as Backbone, folders));
  const progress = new Progress(all.length * seeds);
  await measure(path, await settingsOf(folders), all, seeds, ({ name }, seed, isNew) =>
    progress.done(`${name}, seed ${seed}`, isNew),
  );
}
process.stdout.write(`${tables(await readRaw(path))}\n`);
