import { type Pixels, resample } from '@kcr/data';
import { HEAT, HEAT_OPACITY } from '../look/colours.ts';

/** From this value on a map covers the image as much as it ever does; below, the image shows through more and more. */
const COVERS = 0.5;

/** An image under a map, red where the map is 1 and as it is where the map is 0. @param map values 0..1, height x width */
export function heated(
  image: Pixels,
  map: ArrayLike<number>,
  { height, width }: { readonly height: number; readonly width: number },
): Pixels {
  const [rows, columns, channels] = image.shape;
  const values = Uint8Array.from(map, (x) => Math.round(255 * Math.min(Math.max(x, 0), 1)));
  const smooth = resample(
    { data: values, shape: [height, width, 1] },
    { height: rows, width: columns },
    { interpolation: 'bicubic' },
  );
  const data = new Uint8Array(3 * rows * columns);
  for (const [pixel, value] of smooth.data.entries()) {
    const opacity = HEAT_OPACITY * Math.min(value / 255 / COVERS, 1);
    for (let c = 0; c < 3; c++) {
      const own = image.data[pixel * channels + (channels === 1 ? 0 : c)]!;
      data[3 * pixel + c] = own * (1 - opacity) + HEAT[value]![c]! * opacity;
    }
  }
  return { data, shape: [rows, columns, 3] };
}
