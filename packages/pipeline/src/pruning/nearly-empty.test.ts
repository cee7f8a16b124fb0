import { expect, test } from 'vitest';
import { tinyModel } from '../testing/tiny.ts';
import { nearlyEmpty } from './nearly-empty.ts';

test('dimensions of which hardly anything is left are said', async () => {
  const model = await tinyModel();
  const [name, { size }] = [...model.dims].find(([own]) => own.endsWith('mlp.hidden'))!;
  const keeping = (n: number) => ({ [name]: Array.from({ length: n }, (_, i) => i) });
  expect(size).toBe(32);
  expect(nearlyEmpty(model, keeping(32))).toBeUndefined();
  expect(nearlyEmpty(model, keeping(3))).toBeUndefined();
  expect(nearlyEmpty(model, keeping(2))).toContain(
    `1 of 1 dimensions, such as 2 of 32 channels of ${name}`,
  );
});
