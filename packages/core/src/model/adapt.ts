import type { Adapter } from './adapter.ts';
import { Model } from './model.ts';

/** The model with further adapters. Its own parameters keep their names. */
export const adapt = <C extends object>(model: Model<C>, adapters: readonly Adapter[]): Model<C> =>
  new Model(model.architecture, model.config, model.kept, [...model.adapters, ...adapters]);
