import type { Preprocessing } from '@kcr/core';
import { orientationOf, type Pixels, toGrey } from '@kcr/data';
import { plainFile } from './plain-file.ts';

/**
 * An image file at its own size as `kcr predict` reads it: no colour profile is applied, transparency is dropped and not blended,
 * and the file is turned as the model's input needs it.
 *
 * @throws Error where the browser does not know the format
 */
export async function decode(file: Blob, input: Preprocessing): Promise<Pixels> {
  const stored = orientationOf(input) === 'stored';
  const plain = plainFile(new Uint8Array(await file.arrayBuffer()), stored);
  const bitmap = await createImageBitmap(new Blob([plain], { type: file.type }), {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
    imageOrientation: stored ? 'none' : 'from-image',
  } as ImageBitmapOptions);
  const { width, height } = bitmap;
  const rgb = toRgb(readPixels(bitmap));
  bitmap.close();
  const channels = input.input_size[0];
  return channels === 1
    ? { data: toGrey(rgb), shape: [height, width, 1] }
    : { data: rgb, shape: [height, width, 3] };
}

/** Red, green, blue and opacity. */
function readPixels(bitmap: ImageBitmap): Uint8Array | Uint8ClampedArray {
  const { width, height } = bitmap;
  return readByWebGl(bitmap) ?? readByCanvas(bitmap, width, height);
}

/** Without a multiplication by the opacity, which a canvas stores its pixels with; none where a texture cannot be as large. */
function readByWebGl(bitmap: ImageBitmap): Uint8Array | undefined {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return undefined;
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const { FRAMEBUFFER, COLOR_ATTACHMENT0, TEXTURE_2D } = gl;
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.framebufferTexture2D(FRAMEBUFFER, COLOR_ATTACHMENT0, TEXTURE_2D, texture, 0);
  const pixels = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  const fine = gl.getError() === gl.NO_ERROR;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return fine ? pixels : undefined;
}

function readByCanvas(bitmap: ImageBitmap, width: number, height: number): Uint8ClampedArray {
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    willReadFrequently: true,
  })!;
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height).data;
}

function toRgb(rgba: Uint8Array | Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!;
    rgb[to + 1] = rgba[from + 1]!;
    rgb[to + 2] = rgba[from + 2]!;
  }
  return rgb;
}
