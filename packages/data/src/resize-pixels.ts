import sharp from 'sharp';
import { type Pixels, pixelsOf } from './image.ts';

/**
 * An image at another size, by linear interpolation between the centres of pixels (over the area along an axis that
 * becomes shorter).
 */
export async function resizePixels(image: Pixels, height: number, width: number): Promise<Pixels> {
  const [rows, columns] = image.shape;
  const smaller = await shrunk(image, Math.min(rows, height), Math.min(columns, width));
  return enlarged(smaller, height, width);
}

/** Neither axis becomes longer. */
async function shrunk(image: Pixels, height: number, width: number): Promise<Pixels> {
  const [rows, columns, channels] = image.shape;
  if (rows === height && columns === width) return image;
  const raw = { height: rows, width: columns, channels: channels as 1 | 3 };
  const resized = sharp(image.data, { raw }).resize(width, height, {
    fit: 'fill',
    kernel: 'linear',
  });
  return pixelsOf(resized, channels as 1 | 3);
}

/** Neither axis becomes shorter. sharp would put what it enlarges half a pixel further right and down. */
function enlarged(image: Pixels, height: number, width: number): Pixels {
  const [rows, columns, channels] = image.shape;
  if (rows === height && columns === width) return image;
  const across = readings(columns, width);
  const wide = new Float64Array(rows * width * channels);
  let to = 0;
  for (let row = 0; row < rows; row++)
    for (let x = 0; x < width; x++) {
      const left = (row * columns + across.first[x]!) * channels;
      const right = (row * columns + across.second[x]!) * channels;
      const share = across.share[x]!;
      for (let c = 0; c < channels; c++)
        wide[to++] = image.data[left + c]! * (1 - share) + image.data[right + c]! * share;
    }
  const down = readings(rows, height);
  const length = width * channels;
  const data = new Uint8Array(height * length);
  for (let y = 0; y < height; y++) {
    const [above, below] = [down.first[y]! * length, down.second[y]! * length];
    const share = down.share[y]!;
    for (let i = 0; i < length; i++)
      data[y * length + i] = Math.round(wide[above + i]! * (1 - share) + wide[below + i]! * share);
  }
  return { data, shape: [height, width, channels] };
}

/** For each position of an axis the two of the shorter one that it lies between, and the second one's share. */
function readings(from: number, to: number) {
  const [first, second] = [new Int32Array(to), new Int32Array(to)];
  const share = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    first[i] = Math.floor(at);
    second[i] = Math.min(first[i]! + 1, from - 1);
    share[i] = at - first[i]!;
  }
  return { first, second, share };
}
