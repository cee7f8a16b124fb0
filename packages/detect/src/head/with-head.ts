import { type Generator, type Kept, type MakeHead, Model, type StateDict } from '@kcr/core';

/**
 * A head on a model, which may be pruned or have adapters: they go along.
 *
 * @param options of the head
 * @throws KcrError `MODEL_CONFIG`, `BACKBONE_MAPS`
 */
export function withHead<C extends object>(
  make: MakeHead<C>,
  model: Model,
  options: Partial<C> = {},
): Model {
  const architecture = make(model.architecture);
  const config = architecture.configure({ ...options, backbone: model.config });
  const whole = new Model(architecture, config, {}, model.adapters);
  const kept: Kept = Object.fromEntries(
    Object.entries(model.kept)
      .map(([name, channels]) => [`backbone.${name}`, channels] as const)
      .filter(([name]) => whole.dims.has(name)),
  );
  return Object.keys(kept).length > 0
    ? new Model(architecture, config, kept, model.adapters)
    : whole;
}

/** First values of a model with a head: the backbone's from trained weights, where it has them, the others drawn. */
export function headWeights(model: Model, backbone: StateDict, generator: Generator): StateDict {
  const state = model.initialize(generator);
  for (const name of Object.keys(state)) {
    const own = backbone[name.replace(/^backbone\./, '')];
    if (own && name.startsWith('backbone.')) state[name] = own;
  }
  return state;
}
