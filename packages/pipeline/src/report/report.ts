import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Curve,
  type EpochRecord,
  KcrError,
  kindText,
  type Line,
  type LineChart,
  type NdArray,
  readSafetensors,
} from '@kcr/core';
import {
  checkFields,
  type JsonRefusal,
  nonFinite,
  parseJson,
  readJson,
  snapshotsFile,
  unseal,
  validationName,
  writeAtomic,
} from '@kcr/core/internal';
import { requireWritable } from '../out/writable.ts';
import { analysisFields, epochFields } from './analysis-fields.ts';
import {
  type DrawnChart,
  histogramChart,
  lineChart,
  maskChart,
  type PointChart,
  pointChart,
} from './charts.ts';
import { legendHtml } from './draw.ts';
import { histogramsOf } from './histograms.ts';
import {
  figuresHtml,
  type PictureTable,
  page,
  pictureTable,
  saidHtml,
  tableHtml,
  verdictHtml,
} from './page.ts';
import { folderOf, type RunAnalysis, type Summary } from './run-analysis.ts';
import { analysisTable, costTable, shownColumns } from './summary-table.ts';
import { verdictOf } from './verdict.ts';

type Histories = Readonly<Record<string, readonly EpochRecord[]>>;

/**
 * Writes `report.html`, one self-contained page, for a finished run.
 *
 * @param directory the run's folder
 * @returns the page's path
 * @throws KcrError `REPORT_RUN` where the folder has no finished run, `OUT_WRITE`
 */
export async function writeReport(directory: string): Promise<string> {
  const analysis = await readAnalysis(join(directory, 'analysis.json'));
  await requireWritable(directory);
  const { models, metrics, columns, searched, recipe } = analysis;
  const trainings = [...Object.keys(models), 'search'];
  const histories = await readHistories(directory, trainings);
  const drawn = [...analysis.charts, ...modelCharts(models)];
  const charts = [
    ...trainingCharts(histories, metrics).map(lineChart),
    ...(searched.length > 0 ? [maskChart(searched)] : []),
    ...(await snapshotCharts(directory, trainings, analysis.snapshots)),
    ...Object.entries(analysis.curves)
      .flatMap(([key, curve]) => curveChart(histories, key, curve))
      .map(lineChart),
    ...drawn.filter(({ group }) => group === undefined).map(lineChart),
  ];
  const summaries = Object.fromEntries(
    Object.entries(models).map(([name, { summary }]) => [name, summary]),
  );
  const shown = shownColumns(Object.values(summaries), columns);
  const said = shown.flatMap(({ title, says }) => (says ? [{ title, says }] : []));
  const path = join(directory, 'report.html');
  const pictures = await pictureTables(directory, analysis);
  const chartGroups = [...new Set(drawn.flatMap(({ group }) => group ?? []))].map((title) => {
    const own = drawn.filter(({ group }) => group === title);
    return { title, html: figuresHtml(own.map(lineChart)) };
  });
  const folded = [
    ...pictures.folded.map(({ title, table }) => ({ title, html: pictureTable(table) })),
    ...chartGroups,
  ];
  const parts = [
    verdictHtml(verdictOf(analysis)),
    figuresHtml(costCharts(summaries, metrics).map(pointChart)),
    tableHtml(costTable(summaries, metrics), 'Accuracy, size and time for one image'),
    ...(shown.length > 0
      ? [
          tableHtml(analysisTable(summaries, shown), 'What was measured of the features'),
          saidHtml(said),
        ]
      : []),
    pictureTable(pictures.shown),
    figuresHtml(charts),
  ];
  await writeAtomic(path, page(recipe, parts, folded));
  return path;
}

/** The first metric against arithmetic and against time, a point for each model. */
function costCharts(
  summaries: Readonly<Record<string, Summary>>,
  metrics: RunAnalysis['metrics'],
): PointChart[] {
  const [key, title] = Object.entries(metrics)[0]!;
  const costs = [
    { of: ({ macs }: Summary) => macs / 1e6, against: 'arithmetic', x: 'multiply-accumulates, M' },
    { of: ({ latencyMs }: Summary) => latencyMs, against: 'time', x: 'one image, ms' },
  ];
  const points = (of: (summary: Summary) => number) =>
    Object.entries(summaries).flatMap(([name, summary]) =>
      Object.hasOwn(summary, key) ? [{ name, x: of(summary), y: 100 * summary[key]! }] : [],
    );
  return costs.flatMap(({ of, against, x }) => {
    const own = points(of);
    return own.length > 0
      ? [{ title: `${title} against ${against}`, x, y: `${title}, %`, points: own }]
      : [];
  });
}

const refusal = {
  code: 'REPORT_RUN',
  fix: 'Pass the folder of a finished run, or finish it with `kcr compress` of this version',
} satisfies JsonRefusal;

/** Reads what a run has measured, if it is as it was written. @throws KcrError `REPORT_RUN` */
async function readAnalysis(path: string): Promise<RunAnalysis> {
  const file = await readJson(path, refusal);
  try {
    unseal(path, file);
  } catch (cause) {
    if (!(cause instanceof KcrError)) throw cause;
    throw new KcrError('REPORT_RUN', { ...refusal, where: path, found: cause.found, cause });
  }
  return checkFields(analysisFields, file, path, refusal);
}

/** What was logged, by training. */
async function readHistories(directory: string, names: readonly string[]): Promise<Histories> {
  const histories: Record<string, EpochRecord[]> = {};
  for (const name of names) {
    const path = join(directory, folderOf(name), 'metrics.jsonl');
    if (!existsSync(path)) continue;
    const lines = (await readFile(path, 'utf8')).split('\n').filter(Boolean);
    histories[name] = lines.map((line, i) => {
      const where = `${path}, line ${i + 1}`;
      return checkFields(epochFields, parseJson(line, where, refusal), where, refusal);
    });
  }
  return histories;
}

/** The snapshots of each training, a chart for each plugin. */
async function snapshotCharts(
  directory: string,
  trainings: readonly string[],
  drawn: RunAnalysis['snapshots'],
): Promise<string[]> {
  const charts: string[] = [];
  for (const training of trainings) {
    const path = snapshotsFile(join(directory, folderOf(training)));
    if (!existsSync(path)) continue;
    const { tensors } = await readSafetensors(path);
    for (const [plugin, curve] of Object.entries(drawn)) {
      const own = Object.entries(tensors)
        .filter(([name]) => name.startsWith(`${plugin}/`))
        .map(([name, array]) => [name.slice(plugin.length + 1), array] as const);
      if (own.length === 0) continue;
      const arrays = Object.fromEntries(own);
      checkSnapshots(arrays, path);
      charts.push(histogramChart(curve, histogramsOf(arrays)));
    }
  }
  return charts;
}

/** @throws KcrError `REPORT_RUN` for arrays that no training leaves */
function checkSnapshots(arrays: Readonly<Record<string, NdArray>>, where: string): void {
  const [first] = Object.values(arrays);
  const epochs = first?.shape[0] ?? 0;
  for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
    const fits = dtype === 'float32' && epochs > 0 && shape[0] === epochs && data.length > 0;
    const found = fits
      ? nonFinite({ [name]: arrays[name]! })
      : `${name}: ${kindText({ dtype, shape })}`;
    if (found) throw new KcrError('REPORT_RUN', { ...refusal, where, found });
  }
}

/** A logged number over the epochs, of every history that has it. */
function overEpochs(histories: Histories, key: string, scale = 1): Line[] {
  return Object.entries(histories).flatMap(([name, history]) => {
    const points = history.flatMap((record): [number, number][] =>
      Object.hasOwn(record, key) ? [[record.epoch!, scale * record[key]!]] : [],
    );
    return points.length > 0 ? [{ name, points }] : [];
  });
}

const epochChart = (title: string, y: string, lines: readonly Line[]): LineChart[] =>
  lines.length > 0 ? [{ title, x: 'epoch', y, lines }] : [];

/**
 * A number over the epochs, against another one of the same trainings where the curve names one; a chart for each training where
 * it has several lines.
 */
function curveChart(histories: Histories, key: string, curve: Curve): DrawnChart[] {
  const { title, y, lines, right } = curve;
  if (lines)
    return Object.entries(histories)
      .filter(([, history]) => history.some((record) => Object.hasOwn(record, key)))
      .flatMap(([name, history]) => {
        const drawn = Object.entries(lines).flatMap(([number, line]) =>
          overEpochs({ [line]: history }, number).map((own) => ({
            ...own,
            dashed: number !== key,
          })),
        );
        return epochChart(`${title}: ${name}`, y, drawn);
      });
  const [chart] = epochChart(title, y, overEpochs(histories, key));
  if (!chart || !right) return chart ? [chart] : [];
  const drawn = new Set(chart.lines.map(({ name }) => name));
  const against = overEpochs(histories, right.number).filter(({ name }) => drawn.has(name));
  return [against.length > 0 ? { ...chart, right: { y: right.y, lines: against } } : chart];
}

/** How test images are evaluated besides all of them with hard masks. */
const OTHER_WAYS: Readonly<Record<string, string>> = {
  soft: 'soft masks',
  sample: 'a sample',
  sampleSoft: 'a sample, soft masks',
};

function trainingCharts(histories: Histories, metrics: RunAnalysis['metrics']): LineChart[] {
  const crossEntropy = overEpochs(histories, 'crossEntropy');
  return [
    ...(crossEntropy.length > 0
      ? epochChart('Training cross-entropy', 'nats', crossEntropy)
      : epochChart('Training loss', 'sum of its terms', overEpochs(histories, 'loss'))),
    ...Object.entries(metrics).flatMap(([key, title]) =>
      epochChart(`${title} on the test images`, `${title}, %`, [
        ...overEpochs(histories, validationName(key), 100),
        ...Object.entries(OTHER_WAYS).flatMap(([way, said]) =>
          overEpochs(histories, validationName(key, way), 100).map((line) => ({
            ...line,
            name: `${line.name}, ${said}`,
            dashed: true,
          })),
        ),
      ]),
    ),
  ];
}

/** The charts of all models; those of one title are one, a line without a name is named after its model. */
function modelCharts(models: RunAnalysis['models']): LineChart[] {
  const charts = new Map<string, LineChart>();
  for (const [name, model] of Object.entries(models))
    for (const chart of model.charts) {
      const lines = chart.lines.map((line) => ({ name, ...line }));
      const before = charts.get(chart.title)?.lines ?? [];
      charts.set(chart.title, { ...chart, lines: [...before, ...lines] });
    }
  return [...charts.values()];
}

const readPicture = (path: string): Promise<Buffer> =>
  readFile(path).catch((cause: Error) => {
    throw new KcrError('REPORT_RUN', { ...refusal, where: path, found: cause.message, cause });
  });

/**
 * The images, then what each model sees in them: rows of one kind together. Those of a group are under the images in a table
 * of its own.
 */
async function pictureTables(
  directory: string,
  { gallery, models }: RunAnalysis,
): Promise<{ shown: PictureTable; folded: { title: string; table: PictureTable }[] }> {
  const ofModels = Object.values(models).flatMap(({ pictures }) => pictures);
  const kinds = [...new Set(ofModels.map(({ kind }) => kind))];
  const ordered = kinds.flatMap((kind) => ofModels.filter((picture) => picture.kind === kind));
  const { tile, captions, legend } = gallery;
  const table = async (group?: string): Promise<PictureTable> => {
    const own = ordered.filter((picture) => picture.group === group);
    const rows = await Promise.all(
      [...gallery.pictures, ...own].map(async ({ title, file }) => ({
        title,
        png: await readPicture(join(directory, 'pictures', `${file}.png`)),
      })),
    );
    const caption = group ?? 'Test images, and what each model sees in them';
    return {
      tile,
      columns: captions,
      caption,
      rows,
      legend: legend.length > 0 ? legendHtml(legend) : '',
    };
  };
  const groups = [...new Set(ordered.flatMap(({ group }) => group ?? []))];
  const folded = await Promise.all(
    groups.map(async (title) => ({ title, table: await table(title) })),
  );
  return { shown: await table(), folded };
}
