import { expect, test } from 'vitest';
import { isImage } from './is-image.ts';

test.each(['a.jpg', 'a.jpeg', 'b.c.PNG', 'a.webp', 'a.tif', 'a.tiff', 'a.bmp', 'a.gif'])(
  '%s is an image',
  (file) => expect(isImage(file)).toBe(true),
);

test.each(['jpg', 'a.txt', 'a.png.txt', 'a.jpg~', 'png.', 'Thumbs.db', '.DS_Store'])(
  '%s is none',
  (file) => expect(isImage(file)).toBe(false),
);
