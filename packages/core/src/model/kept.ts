import { KcrError } from '../ground/error.ts';
import type { ErrorCode } from '../ground/error-codes.ts';
import type { Dim, Kept } from './dim.ts';
import type { Model } from './model.ts';
import { unknownDim } from './unknown-dim.ts';

/**
 * Checks a selection of channels: for each dimension that it names, those to keep as indices into the dimension as it is now.
 *
 * @param where who made it, for messages
 * @throws KcrError `SELECTION_FORM`, `SELECTION_DIM`, `SELECTION_PRUNABLE`, `DIM_INDEX`, `SELECTION_MIN`,
 *   `SELECTION_MULTIPLE`
 */
export function checkKept(model: Model, kept: unknown, where?: string): asserts kept is Kept {
  const at = (name: string) => (where ? `${where}, ${name}` : name);
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept) || kept instanceof Map)
    throw new KcrError('SELECTION_FORM', {
      where: where ?? 'selection',
      found: `${kindOf(kept)} instead of an object`,
      fix: 'Give an object with the channels to keep of each dimension, by its name',
    });
  for (const [name, channels] of Object.entries(kept)) {
    const dim = model.dims.get(name);
    if (!dim) throw unknownDim(at(name), model);
    if (!Array.isArray(channels))
      throw new KcrError('SELECTION_FORM', {
        where: at(name),
        found: `${kindOf(channels)} instead of a list`,
        fix: 'Give the channels to keep as an array of indices',
      });
    checkChannels(dim, channels, at(name));
  }
}

const kindOf = (value: unknown): string =>
  value instanceof Object ? value.constructor.name : String(value);

function checkChannels(dim: Dim, channels: readonly unknown[], where: string): void {
  const fail = (code: ErrorCode, found: string, fix: string) => {
    throw new KcrError(code, { where, found, fix });
  };
  if (!dim.prunable)
    fail('SELECTION_PRUNABLE', 'a dimension that cannot be pruned', 'Leave it out');
  const isChannel = (i: unknown) => Number.isInteger(i) && Number(i) >= 0 && Number(i) < dim.size;
  const outside = channels.filter((i) => !isChannel(i));
  if (outside.length > 0)
    fail(
      'DIM_INDEX',
      `the channel ${outside[0]}`,
      `Use 0 to ${dim.size - 1}, of the dimension as it is now`,
    );
  const { size: count } = new Set(channels);
  if (count < channels.length) fail('DIM_INDEX', 'a channel twice', 'Name each once');
  if (count < Math.max(dim.min, 1))
    fail('SELECTION_MIN', `${count} of ${dim.size} channels kept`, `Keep at least ${dim.min}`);
  if (count % dim.multipleOf !== 0)
    fail('SELECTION_MULTIPLE', `${count} channels`, `Keep a multiple of ${dim.multipleOf}`);
}
