import { interpolateSinebow, interpolateTurbo, schemeTableau10 } from 'd3-scale-chromatic';

/** Red, green and blue, 0..255. */
export type Colour = readonly [number, number, number];

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Of `rgb(r, g, b)`. */
const parsed = (text: string): Colour => text.match(/\d+/g)!.map(Number) as unknown as Colour;

/** The i-th of many colours that can be told apart. */
export function colourOf(i: number): Colour {
  const text = schemeTableau10[i];
  if (!text) return parsed(interpolateSinebow((i * GOLDEN) % 1));
  return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Colour;
}

/** A colour as HTML writes it. */
export const hexOf = (colour: Colour): string =>
  `#${colour.map((x) => x.toString(16).padStart(2, '0')).join('')}`;

/** Colours of maps, from 0 to 255: red where they are high. */
export const HEAT: readonly Colour[] = Array.from({ length: 256 }, (_, i) =>
  parsed(interpolateTurbo(i / 255)),
);

/** Share of a map's colour over an image. */
export const HEAT_OPACITY = 150 / 255;
