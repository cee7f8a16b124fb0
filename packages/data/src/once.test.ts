import { expect, test } from 'vitest';
import { once } from './once.ts';

test('is found once, and again after a failure', async () => {
  const answers = [Promise.reject(new Error('first')), Promise.resolve('second')];
  let asked = 0;
  const find = once(() => answers[asked++]!);
  await expect(find()).rejects.toThrow('first');
  expect(await Promise.all([find(), find()])).toEqual(['second', 'second']);
  expect(asked).toBe(2);
});
