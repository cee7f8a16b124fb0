import { expect, test } from 'vitest';
import { isForeignImage, isImage } from './is-image.ts';

test.each(['a.jpg', 'a.JPEG', 'b.c.PNG', 'a.webp', 'a.tif', 'x/a.tiff', 'a.gif', 'ä b.png'])(
  '%s is an image',
  (file) => expect([isImage(file), isForeignImage(file)]).toEqual([true, false]),
);

test.each([
  'jpg',
  'a.txt',
  'a.png.txt',
  'a.jpg~',
  'png.',
  'Thumbs.db',
  '.DS_Store',
  '._a.png',
  'x/._a.bmp',
  '.png',
])('%s is none', (file) => expect([isImage(file), isForeignImage(file)]).toEqual([false, false]));

test.each(['a.bmp', 'a.PPM', 'x/a.pgm'])('%s is one that is not read', (file) =>
  expect([isImage(file), isForeignImage(file)]).toEqual([false, true]),
);
