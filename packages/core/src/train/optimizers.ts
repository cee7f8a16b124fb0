import { type AdamWOptions, adamw } from './adamw.ts';
import { type LambOptions, lamb } from './lamb.ts';
import type { Optimizer } from './optimizer.ts';
import { type SgdOptions, sgd } from './sgd.ts';

/** The constants of all optimisers that have a name. */
type Constants = AdamWOptions & SgdOptions & LambOptions;

/** The optimisers that have a name, each made from its constants. */
export const optimizers = { adamw, sgd, lamb } satisfies Record<
  string,
  (constants: Partial<Constants>) => Optimizer
>;

/** The name of an optimiser. */
export type OptimizerName = keyof typeof optimizers;

/** An optimiser by its name (default `adamw`) with its constants beside it, or one's own. */
export type OptimizerChoice =
  | ({ name?: 'adamw' } & Partial<AdamWOptions>)
  | ({ name: 'sgd' } & Partial<SgdOptions>)
  | ({ name: 'lamb' } & Partial<LambOptions>)
  | { name: Optimizer };

/** Makes the optimiser that is chosen. @throws KcrError `OPTION` for constants that do not go together */
export function chosenOptimizer({ name = 'adamw', ...constants }: OptimizerChoice): Optimizer {
  return typeof name === 'object' ? name : optimizers[name](constants);
}
