import type { CheckOf } from '../suite.ts';
import { engines } from './engines.ts';
import { exported } from './exported.ts';
import { gradients } from './gradients.ts';
import { leaks } from './leaks.ts';
import { macs } from './macs.ts';
import { pruned } from './pruned.ts';
import { pure } from './pure.ts';
import { saved } from './saved.ts';
import { seed } from './seed.ts';
import { speed } from './speed.ts';
import type { ModelSubject } from './subject.ts';
import { trains } from './trains.ts';

/** What must hold of every model, whatever it is made of. */
export const modelChecks = {
  macs,
  pruned,
  saved,
  exported,
  trains,
  engines,
  gradients,
  seed,
  leaks,
  pure,
  speed,
} as const satisfies Readonly<Record<string, CheckOf<ModelSubject>>>;
