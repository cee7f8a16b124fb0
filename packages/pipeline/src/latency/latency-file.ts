import { checkFields, type JsonRefusal, readJson, writeAtomic } from '@kcr/core/internal';
import type { LatencyTable } from '@kcr/onnx';
import { z } from 'zod';

const layerTime = z.object({ macs: z.number().nonnegative(), ms: z.number().nonnegative() });

const fields = z.looseObject({
  /** What ran the model. */
  machine: z.string(),
  model: z.string(),
  /** Images of a run. */
  batch: z.number().int().positive(),
  threads: z.number().int().positive().optional(),
  /** Day of the measurement. */
  date: z.string(),
  layers: z.record(
    z.string(),
    z
      .array(layerTime)
      .min(1)
      .refine((times) => times.every(({ macs }, i) => i === 0 || macs > times[i - 1]!.macs), {
        message: 'are not from the narrowest width to the widest',
      }),
  ),
});

const refusal = {
  code: 'LATENCY_TABLE',
  fix: 'Give a file that `kcr latency --out` wrote, on this device or another',
} satisfies JsonRefusal;

/** A table of latencies, and what it is of. */
export interface LatencyFile extends LatencyTable {
  /** What ran the model. */
  readonly machine: string;
  readonly model: string;
  /** Images of a run. */
  readonly batch: number;
  /** Threads of one operator; absent: one per core. */
  readonly threads?: number;
  /** Day of the measurement. */
  readonly date: string;
}

/** Reads a table of latencies, of this machine or another. @throws KcrError `LATENCY_TABLE` */
export const readLatencies = async (path: string): Promise<LatencyFile> =>
  checkFields(fields, await readJson(path, refusal), path, refusal);

/** Writes a table of latencies for {@link readLatencies}. @throws KcrError `OUT_WRITE` */
export const writeLatencies = (path: string, file: LatencyFile): Promise<void> =>
  writeAtomic(path, `${JSON.stringify(file, null, 1)}\n`);
