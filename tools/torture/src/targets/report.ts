import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generator } from '@kcr/core';
import { seal } from '@kcr/core/internal';
import { type RunAnalysis, writeReport } from '@kcr/pipeline';
import { chance, flipBit, mutateBytes, oneOf } from '../mutate-bytes.ts';
import { type Json, type JsonObject, jsonText, mutateJson, mutateValue } from '../mutate-json.ts';
import { type Reader, require } from '../target.ts';
import { drawn } from './images.ts';

const size = { params: 10, macs: 2000, latencyMs: 1 };
const spread = { median: 1.25, low: 1, high: 1.5 };
const latency = { ms: spread, speedup: spread };
const line = (name: string) => ({ name, points: [[1, 1] as const, [2, 4] as const] });
const chart = { title: 'Tokens', x: 'block', y: 'tokens', logY: true, lines: [line('tokens')] };

const analysis = {
  recipe: 'tiny',
  result: 'compact',
  measured: {
    date: '2026-01-02',
    machine: 'a processor, 2 cores',
    seed: 3,
    testImages: 40,
    runs: 5,
  },
  metrics: { top1: 'top-1' },
  columns: [{ number: 'tnn', per: 'params', title: 'TNN', digits: 2, percent: true }],
  snapshots: { 'gumbel-masks': { title: 'Alphas', y: 'alpha' } },
  curves: { collapsed: { title: 'Masks that collapsed', y: 'masks' } },
  charts: [chart],
  searched: [{ name: 'blocks.0.mlp.io', size: 4, kept: [0, 2] }],
  gallery: {
    tile: 8,
    captions: ['dark'],
    legend: ['a'],
    pictures: [{ title: 'images', kind: 'image', file: 'images' }],
  },
  models: {
    dense: { summary: { ...size, top1: 0.5, tnn: 1.25 }, latency, charts: [chart], pictures: [] },
    compact: {
      summary: { ...size, top1: 0.25, tnn: 2 },
      latency,
      paired: { images: 40, gained: 2, lost: 12 },
      charts: [chart],
      pictures: [],
    },
  },
} satisfies RunAnalysis as unknown as Json;
const epochs = [1, 2, 3].map((epoch) => ({ epoch, loss: 3 / epoch, validationTop1: 0.5 }));

/** Numbers of an SVG that are none. */
const NO_NUMBER =
  /\s(?:d|points|x|y|x1|y1|x2|y2|cx|cy|r|width|height|viewBox|transform)="[^"]*(?:NaN|Infinity|undefined)/;

const sealedText = (value: Json): Buffer =>
  Buffer.from(JSON.stringify(seal(value as unknown as JsonObject)));

/** Measurements with a bit that is another, as other JSON, or as others under a checksum that fits them. */
function mutateAnalysis(generator: Generator): Buffer {
  const how = generator.uniform();
  if (how < 0.2) return flipBit(generator, sealedText(analysis));
  if (how < 0.4) return mutateJson(generator, analysis);
  try {
    return sealedText(JSON.parse(jsonText(mutateValue(generator, analysis))) as Json);
  } catch {
    return mutateJson(generator, analysis); // The change is no JSON that can be sealed.
  }
}

/** `writeReport`: a page without scripts whose charts have numbers where numbers belong. */
export const report: Reader = {
  name: 'report',
  async ready(folder) {
    await mkdir(join(folder, 'pictures'));
    await drawn(8, 8, 3)
      .png()
      .toFile(join(folder, 'pictures', 'images.png'));
    await mkdir(join(folder, 'dense'));
    const lines = epochs.map((record) => JSON.stringify(record));
    return {
      mutate(generator) {
        const i = generator.integer(lines.length);
        const log = chance(generator, 0.3)
          ? mutateBytes(generator, Buffer.from(lines.join('\n')))
          : Buffer.from(lines.with(i, jsonText(mutateValue(generator, epochs[i]!))).join('\n'));
        const which = oneOf(generator, ['analysis', 'log'] as const);
        return {
          'analysis.json': which === 'analysis' ? mutateAnalysis(generator) : sealedText(analysis),
          'dense/metrics.jsonl': which === 'log' ? log : Buffer.from(lines.join('\n')),
        };
      },
      async read() {
        const html = await readFile(await writeReport(folder), 'utf8');
        require(!/<script/i.test(html), () => 'a script in the page');
        const wrong = NO_NUMBER.exec(html)?.[0];
        require(wrong === undefined, () => `in the page${wrong?.slice(0, 100)}`);
      },
    };
  },
};
