import { expect, test } from 'vitest';
import { Assigner } from './assignment.ts';
import { featuresOf, normal, phi } from './testing.ts';

test.each([{}, { beta: 3 }, { beta: 0.3, normalize: false }])(
  'phi is the softmax of the distances, %j',
  (options) => {
    const [points, centroids] = [normal(7, 5, 1, 2), normal(3, 5, 2)];
    const assigner = new Assigner(points, centroids, options);
    expect(assigner.clusters).toBe(3);
    const { log, phi: found } = assigner.assign(0, 7);
    phi(points, centroids, options)
      .flat()
      .forEach((p, at) => {
        expect(found[at]).toBeCloseTo(p, 12);
        expect(log[at]).toBeCloseTo(Math.log(p), 10);
      });
  },
);

test('a part of the rows is that part', () => {
  const assigner = new Assigner(normal(7, 5, 1), normal(3, 5, 2));
  const [all, some] = [assigner.assign(0, 7), assigner.assign(2, 5)];
  expect(some.phi).toEqual(all.phi.slice(6, 15));
  expect(some.log).toEqual(all.log.slice(6, 15));
  expect(assigner.assign(3, 3).phi).toHaveLength(0);
});

test('far apart, assignments are hard and logarithms finite', () => {
  const points = featuresOf([[0], [1000]]);
  const { log, phi: found } = new Assigner(points, points, { normalize: false }).assign(0, 2);
  expect([...found]).toEqual([1, 0, 0, 1]);
  expect([...log]).toEqual([0, -1e6, -1e6, 0].map((x) => expect.closeTo(x, 6)));
});

test('centroids of another space: CENTROIDS_SHAPE', () => {
  expect(() => new Assigner(normal(7, 5, 1), normal(3, 4, 2))).toThrow(
    expect.objectContaining({ code: 'CENTROIDS_SHAPE' }),
  );
});
