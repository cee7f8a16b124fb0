/** Most pixels of an image that is decoded: sharp's own limit (`limitInputPixels`), 16,383 x 16,383. */
export const PIXEL_LIMIT = 0x3fff * 0x3fff;
