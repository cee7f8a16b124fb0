import { expect, test } from 'vitest';
import { Refusals } from './invalid.ts';

test('the first entry is an error that says what was wrong with it', () => {
  const refusals = new Refusals('error');
  expect(() => refusals.refuse('COCO_BOX', 'annotation 3', 'an empty box')).toThrow(
    expect.objectContaining({ code: 'COCO_BOX', where: 'annotation 3', found: 'an empty box' }),
  );
  expect(refusals.skipped).toEqual({});
});

test('or all are counted, by reason', () => {
  const refusals = new Refusals('skip');
  refusals.refuse('COCO_BOX', 'annotation 3', 'an empty box');
  refusals.refuse('COCO_IMAGE', 'annotation 4', 'image 9');
  refusals.refuse('COCO_BOX', 'annotation 5', 'an empty box');
  refusals.count('COCO_IMAGE', 4);
  refusals.count('RLE_SIZE');
  expect(refusals.skipped).toEqual({ COCO_BOX: 2, COCO_IMAGE: 5, RLE_SIZE: 1 });
});
