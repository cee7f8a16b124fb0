import {
  KcrError,
  type Model,
  type StepContext,
  type TapInfo,
  type Tensor,
  type TokenLayout,
} from '@kcr/core';

/** A tap whose tokens lie in a map. */
export type LaidOutTap = TapInfo & { readonly layout: TokenLayout };

/**
 * The tap `name`, or without one the model's last tap of a role, whose tokens lie in a map.
 *
 * @throws KcrError `TAP_UNKNOWN`
 */
export function findTap(model: Model, role: string, name?: string): LaidOutTap {
  const taps = tapsOf(model, role);
  const found = name === undefined ? taps.at(-1) : taps.find((tap) => tap.name === name);
  if (found) return found;
  throw new KcrError('TAP_UNKNOWN', {
    where: `${model.architecture.name}, tap "${name ?? role}"`,
    found:
      taps.length > 0
        ? `its taps of that kind are ${taps.map((tap) => tap.name).join(', ')}`
        : `no tap "${role}" whose tokens lie in a map; linear attention has no attention weights`,
    fix: 'Name another tap (`taps` of the model has all), or use another model',
  });
}

/** The taps of a role whose tokens lie in a map, in the order of the model. */
export const tapsOf = (model: Model, role: string): LaidOutTap[] =>
  model.taps.filter((tap): tap is LaidOutTap => tap.role === role && tap.layout !== undefined);

/** Runs a model in evaluation; `read` sees the values of the named taps and may replace them. */
export const applyWithTaps = (
  model: Model,
  { inputs, state }: Pick<StepContext, 'inputs' | 'state'>,
  names: ReadonlySet<string>,
  read: (value: Tensor, name: string) => Tensor,
) =>
  model.apply(inputs.image!, {
    state,
    tap: (value, { name }) => (names.has(name) ? read(value, name) : value),
  });
