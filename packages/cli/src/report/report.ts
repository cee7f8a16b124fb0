import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EpochRecord, KcrError, type Task, validationName, writeAtomic } from '@kcr/core';
import type { BlockRecord } from '@kcr/lfc';
import type { Analysis } from '../analysis.ts';
import { GALLERY_TILE } from '../gallery.ts';
import type { PruningFile } from '../pruning.ts';
import { lineChart, maskChart, type Series } from './charts.ts';
import { legendHtml } from './draw.ts';
import { TILE } from './heat.ts';
import { type Pictures, page, pictureTable, summaryTable } from './page.ts';

/** What `analysis.json` says of a run. */
export interface RunAnalysis {
  recipe: string;
  /** The task's metrics, with their titles. */
  metrics: Task['metrics'];
  /** Of dense tasks: their classes. */
  classes?: readonly string[];
  searched: { name: string; size: number; kept: readonly number[] }[];
  /** What stands over the images that are shown. */
  shown: string[];
  models: Record<string, Analysis>;
}

/** The folder of a model of a run: `compact-no-tnn` for compactNoTnn. */
export const folderOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Writes `report.html`, one self-contained page, for a run of `kcr compress`.
 *
 * @returns its path
 * @throws KcrError `REPORT_RUN` where the folder has no finished run
 */
export async function writeReport(directory: string): Promise<string> {
  const analysis = await readAnalysis(join(directory, 'analysis.json'));
  const histories: Record<string, EpochRecord[]> = {};
  for (const name of [...Object.keys(analysis.models), 'search']) {
    const path = join(directory, folderOf(name), 'metrics.jsonl');
    if (existsSync(path)) histories[name] = parseLines(await readFile(path, 'utf8'));
  }
  const charts = [
    ...trainingCharts(histories, analysis.metrics),
    ...(analysis.searched.length > 0 ? [maskChart(analysis.searched)] : []),
    ...searchCharts(histories.search ?? []),
    ...(await cascadeCharts(directory)),
    ...complexityCharts(analysis.models, histories),
    ...informationCharts(histories),
    ...entropyCharts(analysis.models),
  ];
  const summaries = Object.entries(analysis.models).map(([name, { summary }]) => ({
    name,
    summary,
  }));
  const path = join(directory, 'report.html');
  const tables = [
    summaryTable(summaries, analysis.metrics),
    pictureTable(await readPictures(directory, analysis)),
  ];
  await writeAtomic(path, page(analysis.recipe, tables, charts));
  return path;
}

/** What the models look at, one row for each model and kind of picture. */
async function readPictures(
  directory: string,
  { models, shown, classes }: RunAnalysis,
): Promise<Pictures> {
  const rows: Pictures['rows'] = [];
  const add = async (title: string, file: string) => {
    const path = join(directory, 'pictures', `${file}.png`);
    if (existsSync(path)) rows.push({ title, png: await readFile(path) });
  };
  await add('image', 'images');
  await add('truth', 'truth');
  for (const [kind, title] of [
    ['predictions', 'found'],
    ['tokens', 'tokens that are left'],
    ['grad-cam', 'Grad-CAM'],
    ['attention', 'attention of the centre'],
  ] as const)
    for (const name of Object.keys(models))
      await add(`${title}: ${name}`, `${kind}-${folderOf(name)}`);
  const legend = classes && classes.length > 1 ? legendHtml(classes) : undefined;
  return { tile: classes ? GALLERY_TILE : TILE, columns: shown, rows, legend };
}

async function readAnalysis(path: string): Promise<RunAnalysis> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new KcrError('REPORT_RUN', {
      where: path,
      found: (cause as Error).message,
      fix: 'Pass the --out folder of a finished `kcr compress`',
      cause,
    });
  }
}

const parseLines = (text: string): EpochRecord[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** A metric over the epochs, of every history that has it. */
function overEpochs(histories: Record<string, EpochRecord[]>, key: string, scale = 1): Series[] {
  return Object.entries(histories).flatMap(([name, history]) => {
    const points = history.flatMap((r): [number, number][] =>
      r[key] === undefined ? [] : [[r.epoch!, scale * r[key]]],
    );
    return points.length > 0 ? [{ name, points }] : [];
  });
}

function chartOf(title: string, y: string, series: Series[], more: { x?: string } = {}): string[] {
  return series.length > 0 ? [lineChart({ title, x: 'epoch', y, series, ...more })] : [];
}

const trainingCharts = (
  histories: Record<string, EpochRecord[]>,
  metrics: Readonly<Record<string, string>>,
) => {
  const crossEntropy = overEpochs(histories, 'crossEntropy');
  return [
    ...(crossEntropy.length > 0
      ? chartOf('Training cross-entropy', 'nats', crossEntropy)
      : chartOf('Training loss', 'sum of its terms', overEpochs(histories, 'loss'))),
    ...Object.entries(metrics).flatMap(([key, title]) =>
      chartOf(
        `${title} on the test images`,
        `${title}, %`,
        overEpochs(histories, validationName(key), 100),
      ),
    ),
  ];
};

const searchCharts = (history: EpochRecord[]) => [
  ...chartOf(
    'Search: channels with alpha above 0',
    'share',
    overEpochs({ search: history }, 'keepRatio'),
  ),
];

/** What a bottom-up cascade left in each block. */
async function cascadeCharts(directory: string): Promise<string[]> {
  const path = join(directory, 'pruned', 'prune.json');
  if (!existsSync(path)) return [];
  const { blocks } = JSON.parse(await readFile(path, 'utf8')) as PruningFile;
  if (!blocks) return [];
  const roles = [...new Set(blocks.flatMap(({ channels }) => Object.keys(channels)))];
  const series = (name: string, of: (record: BlockRecord) => number | undefined): Series[] => {
    const points = blocks.flatMap((record, i): [number, number][] => {
      const value = of(record);
      return value === undefined ? [] : [[i + 1, value]];
    });
    return points.length > 0 ? [{ name, points }] : [];
  };
  const x = { x: 'block, in the order of the cascade' };
  return [
    ...chartOf(
      'Image tokens after each block',
      'tokens',
      series('tokens', (r) => r.tokens),
      x,
    ),
    ...chartOf(
      'Channels left in each block',
      'channels',
      roles.flatMap((role) => series(role, (record) => record.channels[role])),
      x,
    ),
    ...chartOf(
      'Accuracy that each block cost, on training images',
      'points',
      series('drop', (record) => record.drop),
      x,
    ),
  ];
}

const informationCharts = (histories: Record<string, EpochRecord[]>) => [
  ...chartOf('Information bottleneck I(X~,X) - I(X~,Y)', 'nats', overEpochs(histories, 'ib')),
  ...chartOf('Its bound, without the constant', 'nats', overEpochs(histories, 'ibb')),
];

/** Models whose tokens attend to fewer others have their rows further left. */
const entropyCharts = (models: Record<string, Analysis>) =>
  Object.entries(models).flatMap(([name, { entropy }]) =>
    chartOf(
      `Entropy of attention rows by head, and its mean: ${name}`,
      'share of the rows',
      entropy.map(({ mean, histogram }, head) => ({
        name: `head ${head + 1}: ${mean.toFixed(2)}`,
        points: histogram.map(({ upTo, share }): [number, number] => [upTo, share]),
      })),
      { x: 'nats' },
    ),
  );

function complexityCharts(
  models: Record<string, Analysis>,
  histories: Record<string, EpochRecord[]>,
) {
  const entries = Object.entries(models);
  const spectra = entries.map(
    ([name, { spectrum }]): Series => ({
      name,
      points: spectrum.flatMap((value, i): [number, number][] =>
        value > 1e-12 ? [[i + 1, value]] : [],
      ),
    }),
  );
  const bounded = entries.filter(([, model]) => model.bounds.length > 0);
  const bounds = bounded.map(([name, model]) =>
    lineChart({
      title: `Bounds up to constants: ${name}`,
      x: 'gradient descent steps on the last layer + 1',
      y: 'squared loss',
      logX: true,
      series: (['upper', 'trainingLoss', 'lower'] as const).map((key) => ({
        name: key === 'trainingLoss' ? 'training loss' : `${key} bound`,
        points: model.bounds.map((point): [number, number] => [point.step + 1, point[key]]),
        dashed: key !== 'trainingLoss',
      })),
    }),
  );
  return [
    lineChart({
      title: "Spectrum of the features' gram matrix",
      x: 'index',
      y: 'eigenvalue',
      series: spectra,
      logY: true,
    }),
    ...chartOf(
      'Truncated nuclear norm, share of the trace',
      'TNN / trace',
      overEpochs(histories, 'tnnRatio'),
    ),
    ...chartOf('Kernel complexity', 'KC', overEpochs(histories, 'kc')),
    ...bounds,
  ];
}
