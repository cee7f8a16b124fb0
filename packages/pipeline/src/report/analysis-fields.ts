import type { LineChart, ModelLine } from '@kcr/core';
import { keptFields } from '@kcr/core/internal';
import { z } from 'zod';
import type { RunAnalysis, Summary } from './run-analysis.ts';

const text = z.string();
const texts = z.record(z.string().min(1), text);

/** A name in camelCase, which a folder can have too ({@link folderOf}). */
const modelName = z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'write a name in camelCase');

/** What JSON makes of a number: NaN and infinities become null, which no chart shows. */
const coordinate = z
  .number()
  .nullable()
  .transform((x) => x ?? Number.NaN);

const line = z.object({
  name: text.optional(),
  points: z.array(z.tuple([coordinate, coordinate])),
  dashed: z.boolean().optional(),
});
const chart = z.object({
  title: text,
  x: text,
  y: text,
  logX: z.boolean().optional(),
  logY: z.boolean().optional(),
  group: text.optional(),
});
const runChart: z.ZodType<LineChart> = chart.extend({
  lines: z.array(line.extend({ name: text })),
});
const modelChart: z.ZodType<LineChart<ModelLine>> = chart.extend({ lines: z.array(line) });

/** The charts that a file of a run says, if any. */
export const chartsFields = z.array(runChart);

const picture = z.object({
  title: text,
  kind: text,
  group: text.optional(),
  file: z
    .string()
    .regex(/^[^/\\\0]+$/, 'write the name of a file, without folders')
    .refine((file) => file !== '.' && file !== '..'),
});

/** Numbers without those that were NaN or infinite. */
const finite = (record: Record<string, number | null>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, number] => entry[1] !== null),
  );

const summary: z.ZodType<Summary> = z
  .object({ params: z.number(), macs: z.number(), latencyMs: z.number() })
  .catchall(z.number().nullable())
  .transform((numbers) => finite(numbers) as Summary);

const curves = z.record(
  z.string(),
  z.object({
    title: text,
    y: text,
    lines: texts.optional(),
    right: z.object({ number: text, y: text }).optional(),
  }),
);

const spread = z.object({ median: z.number(), low: z.number(), high: z.number() });
const count = z.int().nonnegative();

/** `analysis.json`, as it is read back. */
export const analysisFields: z.ZodType<RunAnalysis> = z
  .object({
    recipe: text,
    result: modelName,
    measured: z.object({
      date: text,
      machine: text,
      seed: z.number(),
      testImages: count,
      runs: count,
    }),
    metrics: texts,
    columns: z.array(
      z.object({
        number: text,
        per: text.optional(),
        title: text,
        digits: z.int().min(0).max(20).optional(),
        percent: z.boolean().optional(),
        says: text.optional(),
      }),
    ),
    curves,
    snapshots: curves.default({}),
    charts: chartsFields,
    searched: z.array(
      z.object({
        name: text,
        size: z
          .int()
          .positive()
          .max(2 ** 16),
        kept: keptFields.valueType,
      }),
    ),
    gallery: z.object({
      tile: z.int().positive().max(4096),
      captions: z.array(text),
      legend: z.array(text),
      pictures: z.array(picture),
    }),
    models: z
      .record(
        modelName,
        z.object({
          summary,
          latency: z.object({ ms: spread, speedup: spread }),
          paired: z.object({ images: count, gained: count, lost: count }).optional(),
          charts: z.array(modelChart),
          pictures: z.array(picture),
        }),
      )
      .refine((models) => Object.keys(models).length > 0, { message: 'name at least one model' }),
  })
  .refine(({ models, result }) => Object.hasOwn(models, result), {
    path: ['result'],
    message: 'is none of the models',
  });

/** A line of `metrics.jsonl`; numbers that were NaN are left out. */
export const epochFields = z
  .record(z.string(), z.number().nullable())
  .refine((record) => typeof record.epoch === 'number', {
    path: ['epoch'],
    message: 'is no number',
  })
  .transform(finite);
