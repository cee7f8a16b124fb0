/** Lightness of red, green and blue as Pillow's mode L has it (ITU-R 601-2, weights in 16 bits). @param data [..., 3], 0..255 */
export function toGrey(data: Uint8Array): Uint8Array {
  const grey = new Uint8Array(data.length / 3);
  for (let from = 0, to = 0; from < data.length; from += 3, to++)
    grey[to] =
      (data[from]! * 19595 + data[from + 1]! * 38470 + data[from + 2]! * 7471 + 0x8000) >> 16;
  return grey;
}
