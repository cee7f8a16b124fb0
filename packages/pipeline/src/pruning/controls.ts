import { Generator, type Kept, type Model, selectCounts } from '@kcr/core';

/** Other choices of as many channels of each dimension: beside them shows what a search's choice is worth. */
export const CONTROLS = ['random'] as const;

/**
 * Other channels in the place of some that were chosen.
 *
 * @param whole the model, unpruned
 * @param kept as many channels of each dimension as the result has
 */
export type Control = (whole: Model, kept: Kept, seed: number) => Kept;

export const controls: Readonly<Record<(typeof CONTROLS)[number], Control>> = {
  /** Drawn from the seed. */
  random(whole, kept, seed) {
    const generator = new Generator(seed).fork('random channels');
    const scores = new Map(
      Object.keys(kept).map((name) => {
        const own = generator.fork(name);
        const { size } = whole.dims.get(name)!;
        return [name, Float64Array.from({ length: size }, () => own.uniform())];
      }),
    );
    return selectCounts(whole, scores, ({ name }) => kept[name]!.length);
  },
};
