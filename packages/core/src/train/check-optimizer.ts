import { kindText } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { checkContract } from '../ground/extension.ts';
import { isRecord } from '../ground/json-value.ts';
import { assertOwnTensor } from '../tensor/tf.ts';
import type { OptimizedParameter, Optimizer, UpdatedParameter } from './optimizer.ts';

/**
 * Checks that an optimiser that someone has made is one.
 *
 * @param where the option that it is given by
 * @throws KcrError `OPTION`, `EXTENSION_CONTRACT`
 */
export function checkOwnOptimizer(given: unknown, where: string): void {
  const own: Record<string, unknown> = isRecord(given) ? given : {};
  const is = (type: string) => (part: string) => typeof own[part] === type;
  const slots = Array.isArray(own.slots) ? own.slots : undefined;
  if (
    ['numbers', 'update'].every(is('function')) &&
    slots?.every((slot) => typeof slot === 'string')
  ) {
    checkContract('optimizer', own);
    return;
  }
  throw new KcrError('OPTION', {
    where,
    found: 'no `slots`, or no `numbers` and `update` that are functions',
    fix: 'Give the name of an optimiser, or an `Optimizer` of @kcr/core',
  });
}

/**
 * Checks what an update has made of parameters, which training goes on with.
 *
 * @throws KcrError `SHAPE_MISMATCH`, and those of tensors that are none of ours
 */
export function checkUpdated(
  { name, slots }: Optimizer,
  parameters: readonly OptimizedParameter[],
  updated: readonly UpdatedParameter[],
): void {
  if (updated.length !== parameters.length)
    throw mismatch(name, `${updated.length} results for ${parameters.length} parameters`);
  parameters.forEach(({ value }, i) => {
    const now = updated[i]!;
    const parts = [
      ['value', now.value] as const,
      ...slots.map((slot) => [slot, now.state[slot]] as const),
    ];
    for (const [part, tensor] of parts) {
      assertOwnTensor(tensor, `optimizer "${name}", ${part}`);
      if (kindText(tensor) !== kindText(value))
        throw mismatch(
          name,
          `${part} of ${kindText(tensor)} for a parameter of ${kindText(value)}`,
        );
    }
  });
}

const mismatch = (optimizer: string, found: string) =>
  new KcrError('SHAPE_MISMATCH', {
    where: `optimizer "${optimizer}", update`,
    found,
    fix: 'Return an entry for each parameter, in their order, with arrays of its shape',
  });
