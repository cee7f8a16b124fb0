import { expect, test } from 'vitest';
import { checkShare, defineAllocator, invalid, partOf } from './allocator.ts';
import { allocation, perceptron } from './testing.ts';

const first = defineAllocator({
  name: 'first',
  contract: 1,
  allocate:
    ({ n }: { n: number }) =>
    ({ scores }) => {
      if (n < 0) throw invalid('first, n', n, 'Give a number from 0');
      return Object.fromEntries([...scores.keys()].map((name) => [name, [...Array(n).keys()]]));
    },
});

test('an allocator says its name and options, and answers with a promise', async () => {
  const allocator = first({ n: 2 });
  expect(allocator).toMatchObject({ name: 'first', options: { n: 2 } });
  const given = allocation(perceptron(), { 'a.hidden': [1, 2, 3, 4] });
  expect(await allocator.allocate(given)).toEqual({ 'a.hidden': [0, 1] });
});

test('what it throws is a rejection', async () => {
  const answer = first({ n: -1 }).allocate(allocation(perceptron(), {}));
  await expect(answer).rejects.toMatchObject({
    code: 'OPTION',
    where: 'first, n',
    found: '-1',
    fix: 'Give a number from 0',
  });
});

test('a share is above 0 and at most 1', () => {
  for (const share of [1e-9, 0.5, 1]) expect(() => checkShare('here', share)).not.toThrow();
  for (const share of [0, -1, 1.0001, Number.NaN])
    expect(() => checkShare('here', share)).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'here', found: String(share) }),
    );
});

test.each([
  ['linear', [1, 0.6, 0.2]],
  ['geometric', [1, 0.2 ** 0.5, 0.2]],
] as const)('a target is reached on a %s path from 1', (path, shares) => {
  expect([0, 0.5, 1].map((progress) => partOf(0.2, { progress, path }))).toEqual(
    shares.map((share) => expect.closeTo(share, 12)),
  );
});
