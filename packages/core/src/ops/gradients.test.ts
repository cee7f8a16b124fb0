import { beforeAll, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { valueAndGradients } from './gradients.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

test('it gives the loss, values on the way, and gradients in the order of the parameters', () => {
  tf.tidy(() => {
    const [w, unused, b] = [tf.tensor1d([2, 3]), tf.ones([2, 2]), tf.scalar(4)];
    const { loss, aux, gradients } = valueAndGradients(() => {
      const squares = tf.square(w);
      return { loss: tf.add(tf.sum(squares), tf.mul(b, 5)), aux: { squares } };
    }, [w, unused, b]);
    expect([loss.rank, loss.dataSync()[0]]).toEqual([0, 33]);
    expect(aux.squares!.arraySync()).toEqual([4, 9]);
    expect(gradients.map((gradient) => gradient.arraySync())).toEqual([
      [4, 6],
      [
        [0, 0],
        [0, 0],
      ],
      5,
    ]);
  });
});

test('a loss of one element may have any rank', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([3]);
    const run = () => ({ loss: tf.reshape(tf.square(x), [1, 1]), aux: {} });
    const { loss, gradients } = valueAndGradients(run, [x]);
    expect([loss.shape, gradients[0]!.arraySync()]).toEqual([[], [6]]);
  });
});

test('nothing is left behind but what is returned', () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.scalar(3);
    valueAndGradients(() => ({ loss: tf.square(x), aux: { x: tf.mul(x, 2) } }), [x]);
  });
  expect(tf.memory().numTensors).toBe(before);
});
