import { float32, kindText, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { countNonFinite } from '../ground/finite.ts';
import type { Progress } from '../model/clock.ts';
import type { AttachedPlugin } from './attaching.ts';

/** Arrays that plugins gave after each epoch, float32 [epochs, ...], by PLUGIN/NAME. */
export type Snapshots = Readonly<Record<string, NdArray>>;

/**
 * The snapshots with those of one more epoch.
 *
 * @param before of the epochs until then
 * @throws KcrError `PLUGIN_SNAPSHOT` for what is not finite, not float32, or of another name or shape than before; `PLUGIN_FAILED`
 */
export async function withSnapshots(
  before: Snapshots,
  plugins: readonly AttachedPlugin[],
  progress: Progress,
): Promise<Snapshots> {
  const after: Record<string, NdArray> = {};
  for (const plugin of plugins)
    for (const [name, array] of Object.entries((await plugin.snapshot?.({ ...progress })) ?? {})) {
      const path = `${plugin.name}/${name}`;
      const rows = before[path] ?? float32([0, ...array.shape]);
      checkSnapshot(array, rows, `plugin "${plugin.name}", snapshot "${name}"`);
      after[path] = withRow(rows, array);
    }
  const [names, first] = [after, before].map((arrays) => Object.keys(arrays).join());
  if (first && names !== first)
    throw new KcrError('PLUGIN_SNAPSHOT', {
      where: `snapshots of epoch ${progress.epoch + 1}`,
      found: `${names || 'none'}, after ${first}`,
      fix: 'Give arrays of the same names after every epoch',
    });
  return after;
}

function withRow({ shape: [n = 0, ...rest], data }: NdArray, row: NdArray): NdArray {
  const joined = new Float32Array(data.length + row.data.length);
  joined.set(data);
  joined.set(row.data, data.length);
  return { dtype: 'float32', shape: [n + 1, ...rest], data: joined };
}

/** @throws KcrError `PLUGIN_SNAPSHOT` */
function checkSnapshot(array: NdArray, rows: NdArray, where: string): void {
  const expected = kindText({ dtype: 'float32', shape: rows.shape.slice(1) });
  const [found, count] = [kindText(array), countNonFinite(array)];
  if (found === expected && count === 0) return;
  throw new KcrError('PLUGIN_SNAPSHOT', {
    where,
    found: found === expected ? `${count} values that are NaN or infinite` : found,
    fix: `Give ${expected} with finite values after every epoch`,
  });
}
