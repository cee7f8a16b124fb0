/**
 * What the rooms of core are about, for those who do not know the house.
 *
 * @type {Record<string, string>}
 */
export const titles = {
  ground: 'arrays, errors, files',
  tensor: 'tensors',
  trace: 'tracing',
  ops: 'ops',
  engine: 'engines',
  model: 'models',
  layers: 'layers',
  tokens: 'tokens',
  train: 'training',
  prune: 'pruning',
};
