import { mkdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/tiny.ts';
import { writeReport } from './report.ts';
import type { RunAnalysis } from './run-analysis.ts';
import { writePicture } from './write-picture.ts';

const size = { params: 10, macs: 20, latencyMs: 1 };
const line = (name?: string) => ({
  name: name as string,
  points: [
    [1, 1],
    [2, 2],
  ] as [number, number][],
});
const analysis: RunAnalysis = {
  recipe: 'tiny',
  metrics: { top1: 'top-1' },
  columns: [{ number: 'tnn', title: 'TNN' }],
  curves: { collapsed: { title: 'Masks that collapsed', y: 'masks' } },
  charts: [{ title: 'Tokens after each block', x: 'block', y: 'tokens', lines: [line('tokens')] }],
  searched: [{ name: 'blocks.0.mlp.io', size: 4, kept: [0, 2] }],
  gallery: { tile: 8, captions: ['dark', 'light'], legend: [], pictures: [] },
  models: {
    dense: { summary: { ...size, top1: 0.5, tnn: 1.25 }, charts: [], pictures: [] },
    compactNoTnn: { summary: { ...size, top1: 0.25, tnn: 2 }, charts: [], pictures: [] },
  },
};

/** A report of a run whose folder has these logs, by folder. */
async function report(
  change: Partial<RunAnalysis> = {},
  logs: Readonly<Record<string, readonly object[]>> = {},
): Promise<string> {
  await using folder = await temporaryFolder();
  await writeFile(folder.at('analysis.json'), JSON.stringify({ ...analysis, ...change }));
  for (const [name, records] of Object.entries(logs)) {
    await mkdir(folder.at(name));
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    await writeFile(folder.at(name, 'metrics.jsonl'), lines);
  }
  const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const { models, gallery } = { ...analysis, ...change };
  const pictures = [...gallery.pictures, ...Object.values(models).flatMap((m) => m.pictures)];
  for (const { title, kind, file } of pictures)
    await writePicture(folder.root, { title, name: kind, png }, file);
  const path = await writeReport(folder.root);
  expect(path).toBe(folder.at('report.html'));
  return await readFile(path, 'utf8');
}

/** The texts of each figure. */
const figuresOf = (html: string) =>
  [...html.matchAll(/<figure>(.*?)<\/figure>/gs)].map(([, svg]) =>
    [...svg!.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!),
  );
const figure = (html: string, title: string) =>
  figuresOf(html).find((texts) => texts.includes(title));

test('a run without logs has its table and the charts of the run', async () => {
  const html = await report();
  expect(html).toContain('<h1>tiny</h1>');
  for (const text of ['50.0 %', '25.0 %', '1.2500', '2.0000']) expect(html).toContain(text);
  expect(figuresOf(html)).toHaveLength(2);
  expect(figure(html, 'Tokens after each block')).toContain('tokens');
  expect(figure(html, 'blocks.0.mlp.io (2/4)')).toBeDefined();
  expect(figuresOf(await report({ searched: [], charts: [] }))).toEqual([]);
});

describe('what was logged is drawn over the epochs', () => {
  const record = (epoch: number, more = {}) => ({
    epoch,
    loss: 3,
    crossEntropy: 1 / epoch,
    ...more,
  });

  test('of every model and of the search, from the folders of their names', async () => {
    const logs = {
      dense: [record(1, { valTop1: 0.25 }), record(2, { valTop1: 0.5 })],
      'compact-no-tnn': [record(1, { valTop1: 0.3 })],
      search: [record(1, { collapsed: 1 })],
      other: [record(1)],
    };
    const html = await report({}, logs);
    const entropy = figure(html, 'Training cross-entropy')!;
    expect(entropy.filter((text) => /dense|compactNoTnn|search|other/.test(text)).sort()).toEqual([
      'compactNoTnn',
      'dense',
      'search',
    ]);
    const top1 = figure(html, 'top-1 on the test images')!;
    expect(top1).toContain('top-1, %');
    expect(top1).not.toContain('search');
    // In percent: the axis goes to 50.
    expect(top1).toContain('50');
    expect(figure(html, 'Masks that collapsed')).toContain('search');
    expect(figure(html, 'Training loss')).toBeUndefined();
  });

  test('with the loss where a task has no cross-entropy', async () => {
    const html = await report({}, { dense: [{ epoch: 1, loss: 3 }] });
    expect(figure(html, 'Training loss')).toContain('sum of its terms');
    expect(figure(html, 'Training cross-entropy')).toBeUndefined();
  });
});

test('charts of one title are one for all models, a line without a name has that of its model', async () => {
  const charts = (name: string) => [
    { title: 'Spectrum', x: 'i', y: 'value', lines: [line()] },
    { title: `Heads of ${name}`, x: 'i', y: 'value', lines: [line('head 1')] },
  ];
  const { dense, compactNoTnn } = analysis.models;
  const models = {
    dense: { ...dense!, charts: charts('dense') },
    compactNoTnn: { ...compactNoTnn!, charts: charts('compact') },
  };
  const html = await report({ models });
  const spectrum = figuresOf(html).filter((texts) => texts.includes('Spectrum'));
  expect(spectrum).toHaveLength(1);
  expect(spectrum[0]).toEqual(expect.arrayContaining(['dense', 'compactNoTnn']));
  expect(figure(html, 'Heads of dense')).toContain('head 1');
  expect(figure(html, 'Heads of compact')).toContain('head 1');
});

test('pictures of a kind stand together, after the images', async () => {
  const picture = (kind: string, model: string) => ({
    title: `${kind}: ${model}`,
    kind,
    file: `${kind}-${model}`,
  });
  const of = (model: string) => ['grad-cam', 'attention'].map((kind) => picture(kind, model));
  const { dense, compactNoTnn } = analysis.models;
  const html = await report({
    gallery: {
      ...analysis.gallery,
      legend: ['sky'],
      pictures: [{ title: 'image', kind: 'images', file: 'images' }],
    },
    models: {
      dense: { ...dense!, pictures: of('dense') },
      compactNoTnn: { ...compactNoTnn!, pictures: of('compact') },
    },
  });
  expect([...html.matchAll(/alt="([^"]*)"/g)].map(([, title]) => title)).toEqual([
    'image',
    'grad-cam: dense',
    'grad-cam: compact',
    'attention: dense',
    'attention: compact',
  ]);
  expect(html).toContain('width="16"');
  expect(html).toContain('</i>sky</span>');
});

test('REPORT_RUN where no run was finished', async () => {
  await using folder = await temporaryFolder();
  await expect(writeReport(folder.root)).rejects.toMatchObject({ code: 'REPORT_RUN' });
  await writeFile(folder.at('analysis.json'), '{');
  await expect(writeReport(folder.root)).rejects.toMatchObject({
    code: 'REPORT_RUN',
    where: folder.at('analysis.json'),
  });
});
