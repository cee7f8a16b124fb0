import type { Criterion } from '@kcr/core';
import { magnitude, ntkSap, random, s2vite, slim, taylor } from '@kcr/criteria';
import { lfs } from '@kcr/lfc';

/** Every criterion. Tests over criteria run over this table. */
export const criteria: Readonly<Record<string, Criterion>> = {
  'magnitude, L1': magnitude({ norm: 1 }),
  'magnitude, L2': magnitude({}),
  random: random({}),
  'taylor, square of sum': taylor({}),
  'taylor, sum of squares': taylor({ form: 'sumOfSquares' }),
  'ntk-sap': ntkSap({}),
  'ntk-sap, initial weights': ntkSap({ weights: 'initial' }),
  s2vite: s2vite({}),
  slim: slim({ epochs: 1 }),
  lfs: lfs({ sigma: 0.5 }),
  'lfs, losses in turns': lfs({ sigma: 0.5, takeTurns: true }),
  "lfs, the code's form": lfs({ sigma: 0.5, form: 'code' }),
};
