import { expect, test } from 'vitest';
import { placeOf } from './place.ts';

test('an entry by its index and id, its field, and its file', () => {
  expect(placeOf('annotations', 6, 7)()).toBe('annotations[6] (id 7)');
  expect(placeOf('annotations', 6, 7)('bbox')).toBe('annotations[6].bbox (id 7)');
  expect(placeOf('images', 0, 'a')('height')).toBe('images[0].height (id "a")');
  expect(placeOf('detections', 3, undefined, 'dt.json')('score')).toBe(
    'dt.json: detections[3].score',
  );
});
