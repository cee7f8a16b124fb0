import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32, int32, type NdArray, writeSafetensors } from '@kcr/core';
import { seal } from '@kcr/core/internal';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/tiny.ts';
import { writeReport } from './report.ts';
import type { RunAnalysis } from './run-analysis.ts';
import { writePicture } from './write-picture.ts';

const size = { params: 10, macs: 20, latencyMs: 1 };
const spread = { median: 1.25, low: 1, high: 1.5 };
const latency = { ms: spread, speedup: spread };
const line = (name?: string) => ({
  name: name as string,
  points: [
    [1, 1],
    [2, 2],
  ] as [number, number][],
});
const analysis: RunAnalysis = {
  recipe: 'tiny',
  result: 'compactNoTnn',
  measured: {
    date: '2026-01-02',
    machine: 'a processor, 2 cores',
    seed: 3,
    testImages: 40,
    runs: 5,
  },
  metrics: { top1: 'top-1' },
  columns: [{ number: 'tnn', title: 'TNN', says: 'Less is better.' }],
  snapshots: { 'gumbel-masks': { title: 'Alphas', y: 'alpha' } },
  curves: { collapsed: { title: 'Masks that collapsed', y: 'masks' } },
  charts: [{ title: 'Tokens after each block', x: 'block', y: 'tokens', lines: [line('tokens')] }],
  searched: [{ name: 'blocks.0.mlp.io', size: 4, kept: [0, 2] }],
  gallery: { tile: 8, captions: ['dark', 'light'], legend: [], pictures: [] },
  models: {
    dense: { summary: { ...size, top1: 0.5, tnn: 1.25 }, latency, charts: [], pictures: [] },
    compactNoTnn: {
      summary: { ...size, top1: 0.25, tnn: 2 },
      latency,
      paired: { images: 40, gained: 2, lost: 12 },
      charts: [],
      pictures: [],
    },
  },
};

/** Writes what a run has measured, as it does. */
function writeAnalysis(folder: string, change: Partial<RunAnalysis> = {}): Promise<void> {
  const written = { ...analysis, ...change };
  const result = Object.keys(written.models).at(-1);
  const file = join(folder, 'analysis.json');
  return writeFile(file, JSON.stringify(seal({ ...written, result })));
}

/** A report of a run whose folder has these logs, by folder. */
async function report(
  change: Partial<RunAnalysis> = {},
  logs: Readonly<Record<string, readonly object[]>> = {},
): Promise<string> {
  await using folder = await temporaryFolder();
  await writeAnalysis(folder.root, change);
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
  expect(figuresOf(html)).toHaveLength(4);
  expect(html).toContain('<p>compactNoTnn is less accurate than dense: top-1 25.0 %, dense 50.0 %');
  expect(html).toContain('<b>TNN</b>: Less is better.');
  for (const cost of ['arithmetic', 'time'])
    expect(figure(html, `top-1 against ${cost}`)).toEqual(
      expect.arrayContaining(['dense', 'compactNoTnn']),
    );
  expect(figure(html, 'Tokens after each block')).toContain('tokens');
  expect(figure(html, 'blocks.0.mlp.io (2/4)')).toBeDefined();
  expect(figuresOf(await report({ searched: [], charts: [] }))).toHaveLength(2);
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

  test('against another number of the same trainings, where a curve names one and it was logged', async () => {
    const right = { number: 'valLoss', y: 'test loss' };
    const curves = { ib: { title: 'Bottleneck', y: 'IB', right } };
    const own = [record(1, { ib: -0.1, valLoss: 2 }), record(2, { ib: -0.2, valLoss: 1 })];
    const logs = { dense: [record(1, { valLoss: 900 })], 'compact-no-tnn': own };
    const chart = figure(await report({ curves }, logs), 'Bottleneck')!;
    expect(chart).toEqual(expect.arrayContaining(['IB', 'test loss', 'compactNoTnn', '2']));
    // A training without the curve is on neither axis.
    for (const text of ['dense', '900']) expect(chart).not.toContain(text);
    const without = { 'compact-no-tnn': [record(1, { ib: -0.1 })] };
    expect(figure(await report({ curves }, without), 'Bottleneck')).not.toContain('test loss');
  });

  test('beside other numbers of the same training, where a curve has several lines', async () => {
    const lines = { expected: 'test images', upper: 'upper bound', gone: 'never logged' };
    const curves = { expected: { title: 'Bounds', y: 'loss', lines } };
    const numbers = [
      record(1, { expected: 0.3, upper: 0.4 }),
      record(2, { expected: 0.2, upper: 0.3 }),
    ];
    const logs = { dense: numbers, 'compact-no-tnn': numbers, search: [record(1, { upper: 1 })] };
    const html = await report({ curves }, logs);
    for (const name of ['dense', 'compactNoTnn']) {
      const chart = figure(html, `Bounds: ${name}`)!;
      expect(chart).toEqual(
        expect.arrayContaining(['loss', 'epoch', 'test images', 'upper bound']),
      );
      expect(chart).not.toContain('never logged');
    }
    expect(figure(html, 'Bounds: search')).toBeUndefined();
  });

  test('with the loss where a task has no cross-entropy', async () => {
    const html = await report({}, { dense: [{ epoch: 1, loss: 3 }] });
    expect(figure(html, 'Training loss')).toContain('sum of its terms');
    expect(figure(html, 'Training cross-entropy')).toBeUndefined();
  });
});

describe('snapshots of a training', () => {
  const drawn = async (arrays: Readonly<Record<string, NdArray>>) => {
    await using folder = await temporaryFolder();
    await writeAnalysis(folder.root);
    await writeSafetensors(folder.at('search', 'snapshots.safetensors'), {
      tensors: arrays,
      metadata: {},
    });
    return readFile(await writeReport(folder.root), 'utf8');
  };

  test('are histograms over the epochs, a panel for each array', async () => {
    const html = await drawn({
      'gumbel-masks/blocks.0.mlp.io': float32([3, 2], [2, 2, 1, 2.5, 0, 3]),
      'gumbel-masks/blocks.1.mlp.io': float32([3, 1], [2, 1, -1]),
      'other/array': float32([3, 1]),
    });
    const texts = figure(html, 'Alphas')!;
    expect(texts).toEqual(expect.arrayContaining(['blocks.0.mlp.io', 'blocks.1.mlp.io', 'epoch']));
    expect(texts).not.toContain('array');
  });

  test.each<[string, NdArray]>([
    ['NaN', float32([3, 1], [0, Number.NaN, 0])],
    ['of other epochs', float32([2, 1])],
    ['without epochs', float32([], [1])],
    ['int32', int32([3, 1], [1, 2, 3])],
  ])('REPORT_RUN where they are %s', async (_, array) => {
    const arrays = { 'gumbel-masks/a': float32([3, 1]), 'gumbel-masks/b': array };
    await expect(drawn(arrays)).rejects.toMatchObject({ code: 'REPORT_RUN' });
  });
});

test('validation with soft masks is a dashed line of its own', async () => {
  const record = { epoch: 1, loss: 3, valTop1: 0.25, valSoftTop1: 0.5 };
  const top1 = figure(await report({}, { search: [record] }), 'top-1 on the test images')!;
  expect(top1).toEqual(expect.arrayContaining(['search', 'search, soft masks']));
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

test('charts of a group are folded away, after the others', async () => {
  const group = 'Entropies <of> attention';
  const chart = { title: 'Entropy', x: 'nats', y: 'share', lines: [line('a')], group };
  const html = await report({ charts: [chart, { ...chart, title: 'Plain', group: undefined }] });
  const [, details] = /<details>(.*?)<\/details>/s.exec(html)!;
  expect(details).toContain('<summary>Entropies &lt;of&gt; attention</summary>');
  expect(details).toContain('Entropy');
  expect(html.indexOf('Plain')).toBeLessThan(html.indexOf('<details>'));
});

test('pictures of a group are folded away, under the images again', async () => {
  const picture = (title: string, group?: string) => ({ title, kind: title, file: title, group });
  const { dense } = analysis.models;
  const pictures = [picture('grad-cam'), picture('affinity', 'Attention in detail')];
  const html = await report({
    gallery: { ...analysis.gallery, pictures: [picture('image')] },
    models: { dense: { ...dense!, pictures } },
  });
  const rowsOf = (text: string) =>
    [...text.matchAll(/<tr><th scope="row">([^<]+)<\/th><td><img/g)].map(([, title]) => title);
  const [shown, details] = html.split('<details><summary>Attention in detail</summary>');
  expect(rowsOf(shown!)).toEqual(['image', 'grad-cam']);
  expect(rowsOf(details!)).toEqual(['image', 'affinity']);
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
  expect([...html.matchAll(/alt="([^"]*)"/g)].map(([, title]) => title)).toEqual(
    ['image', 'grad-cam: dense', 'grad-cam: compact', 'attention: dense', 'attention: compact'].map(
      (title) => `${title}: dark, light`,
    ),
  );
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

/** Texts that name something else of the run. */
const names = new Set(['file', 'number', 'result']);

/** A copy of a value with every text of it replaced, besides {@link names}. */
function withTexts<T>(value: T, text: string): T {
  const copy = (x: unknown, key?: string): unknown => {
    if (typeof x === 'string') return names.has(key ?? '') ? x : text;
    if (Array.isArray(x)) return x.map((entry) => copy(entry));
    if (typeof x !== 'object' || x === null) return x;
    return Object.fromEntries(Object.entries(x).map(([name, entry]) => [name, copy(entry, name)]));
  };
  return copy(value) as T;
}

/** The tags of a page: names, and attributes with their values. */
const tagsOf = (html: string) =>
  [...html.matchAll(/<([a-z!/][^\s>]*)((?:[^>"]|"[^"]*")*)>/gi)].map(([, name, rest]) => ({
    name: name!.toLowerCase(),
    attributes: [...rest!.matchAll(/([\w:-]+)\s*=\s*("[^"]*"|[^\s>]+)/g)].map(([, attribute]) =>
      attribute!.toLowerCase(),
    ),
  }));

describe('texts of a run are texts of the page', () => {
  const { dense } = analysis.models;
  const picture = { title: 'image', kind: 'images', file: 'images' };
  const full: Partial<RunAnalysis> = {
    ...analysis,
    gallery: { tile: 8, captions: ['a'], legend: ['sky', 'sea'], pictures: [picture] },
    models: {
      dense: {
        ...dense!,
        charts: [{ title: 'Spectrum', x: 'i', y: 'value', lines: [line(), line('b')] }],
        pictures: [{ title: 'p', kind: 'k', file: 'of-dense' }],
      },
      compact: { ...dense!, summary: { ...dense!.summary, params: 11 } },
    },
  };
  const logs = { dense: [{ epoch: 1, loss: 3, valTop1: 0.5, collapsed: 1 }] };
  let plain: Promise<string> | undefined;

  test.each([
    '</script><img onerror=alert(1) src=x>',
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '</title></style></text></svg>]]><!--<script>alert(1)</script>',
    '{a|<b onclick=alert(1)>}',
    '&lt;script&gt;&#60;img onerror=alert(1)&#62;',
  ])('%s', async (text) => {
    const [page, html] = [
      await (plain ??= report(full, logs)),
      await report(withTexts(full, text), logs),
    ];
    const count = (page: string) => {
      const tags = new Map<string, number>();
      for (const { name } of tagsOf(page)) tags.set(name, (tags.get(name) ?? 0) + 1);
      return tags;
    };
    const [before, after] = [count(page), count(html)];
    // Charts may draw fewer labels where texts are long or alike; no other elements come along, and none that act.
    for (const name of after.keys()) expect([...before.keys()]).toContain(name);
    for (const name of ['img', 'meta', 'title', 'table', 'style'])
      expect([name, after.get(name)]).toEqual([name, before.get(name)]);
    for (const { name, attributes } of tagsOf(html)) {
      expect(name).not.toMatch(/script|iframe|object|embed|link|base|form|foreignobject|^a$/);
      expect(attributes.filter((a) => /^on|^href$|^xlink:href$|^action$/.test(a))).toEqual([]);
    }
    const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
    expect(html).toContain(`<h1>${escaped.replace(/"/g, '&quot;').replace(/'/g, '&#39;')}</h1>`);
    if (/[<>]/.test(text)) expect(html.includes(text)).toBe(false);
  });

  test('and the page allows no scripts', async () => {
    expect(await report()).toMatch(
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">/,
    );
  });
});

describe('a run that cannot be shown is refused with file and field', () => {
  const { dense } = analysis.models;
  const models = (change: object) => ({ models: { dense: { ...dense!, ...change } } });
  const picture = (file: string) => models({ pictures: [{ title: 't', kind: 'k', file }] });

  test.each<[string, object, RegExp]>([
    ['no columns, as in older versions', { columns: undefined }, /^columns: /],
    [
      'a width that is no number',
      { gallery: { ...analysis.gallery, tile: '8px"><script>' } },
      /^gallery\.tile: /,
    ],
    [
      'a monstrous dimension',
      { searched: [{ name: 'x', size: 1e9, kept: [] }] },
      /^searched\.0\.size: /,
    ],
    ['digits', { columns: [{ number: 'tnn', title: 'x', digits: 1e3 }] }, /^columns\.0\.digits: /],
    ['no models', { models: {} }, /^models: /],
    ['a model in another folder', { models: { '../../x': dense } }, /^models\.\.\.\/\.\.\/x: /],
    ['a picture in another folder', picture('../../secret'), /^models\.dense\.pictures\.0\.file: /],
    ['a picture with a path', picture('/etc/secret'), /^models\.dense\.pictures\.0\.file: /],
    ['sizes', models({ summary: { params: '1' } }), /^models\.dense\.summary\.params: .*macs: /],
    [
      'charts',
      { charts: [{ title: 1, x: 'x', y: 'y', lines: [{}] }] },
      /^charts\.0\.title: .*charts\.0\.lines\.0\.points/,
    ],
    ['a list', [], /^no object/],
  ])('%s', async (_, change, found) => {
    await using folder = await temporaryFolder();
    const path = folder.at('analysis.json');
    const file = Array.isArray(change) ? change : { ...analysis, ...change };
    await writeFile(path, Array.isArray(file) ? '[]' : JSON.stringify(seal(file)));
    await expect(writeReport(folder.root)).rejects.toMatchObject({
      code: 'REPORT_RUN',
      where: path,
      found: expect.stringMatching(found),
    });
  });

  test.each([
    ['{"epoch":1,"loss":"<b>"}', /^loss: /],
    ['{"loss":1}', /^epoch: /],
    ['{"epoch":1', /./],
    ['[]', /./],
  ])('a line of a log: %s', async (text, found) => {
    await using folder = await temporaryFolder();
    await writeAnalysis(folder.root);
    await mkdir(folder.at('dense'));
    await writeFile(folder.at('dense', 'metrics.jsonl'), `{"epoch":0,"loss":null}\n${text}\n`);
    await expect(writeReport(folder.root)).rejects.toMatchObject({
      code: 'REPORT_RUN',
      where: `${folder.at('dense', 'metrics.jsonl')}, line 2`,
      found: expect.stringMatching(found),
    });
  });

  test('numbers that are not as they were written, or of a version that wrote no checksum', async () => {
    await using folder = await temporaryFolder();
    const path = folder.at('analysis.json');
    const whole = JSON.stringify(seal(analysis));
    for (const text of [whole.replace('"top1":0.5', '"top1":0.7'), JSON.stringify(analysis)]) {
      expect(text).not.toBe(whole);
      await writeFile(path, text);
      await expect(writeReport(folder.root)).rejects.toMatchObject({
        code: 'REPORT_RUN',
        where: path,
        found: expect.stringContaining('checksum'),
      });
    }
  });

  test('a picture that is not there', async () => {
    await using folder = await temporaryFolder();
    await writeAnalysis(folder.root, picture('gone'));
    await expect(writeReport(folder.root)).rejects.toMatchObject({
      code: 'REPORT_RUN',
      where: folder.at('pictures', 'gone.png'),
    });
  });
});

test('metrics and columns of names that every object has are numbers or nothing', async () => {
  const metrics = { constructor: 'builders', toString: 'texts' };
  const columns = [{ number: 'valueOf', title: 'values' }];
  const html = await report(
    { metrics, columns, curves: { toString: { title: 'c', y: 'y' } } },
    {
      dense: [{ epoch: 1, loss: 1 }],
    },
  );
  for (const title of ['builders', 'texts', 'values', 'NaN', 'native code'])
    expect(html).not.toContain(title);
});
