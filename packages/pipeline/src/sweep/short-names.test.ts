import { expect, test } from 'vitest';
import { shortNames } from './short-names.ts';

test('ends that tell paths apart', () => {
  expect(shortNames(['retrain.plugins.0.options.eta', 'search.plugins.0.options.lambda'])).toEqual([
    'eta',
    'lambda',
  ]);
  expect(shortNames(['dense.optimizer.lr', 'retrain.optimizer.lr', 'seed'])).toEqual([
    'dense.optimizer.lr',
    'retrain.optimizer.lr',
    'seed',
  ]);
  expect(shortNames(['a.scale.0', 'a.scale.1'])).toEqual(['scale.0', 'scale.1']);
});
