/**
 * Whether a file is an image that is read, by its name: JPEG, PNG, WebP, TIFF or GIF. Hidden files (`._x.png` of macOS)
 * are none, and neither are BMP and the other formats of torchvision's ImageFolder that sharp does not read.
 */
export const isImage = (file: string): boolean =>
  /(?:^|[\\/])[^.\\/][^\\/]*\.(jpe?g|png|webp|tiff?|gif)$/i.test(file);

/** Whether a file is an image of a format that is not read. */
export const isForeignImage = (file: string): boolean =>
  /(?:^|[\\/])[^.\\/][^\\/]*\.(bmp|ppm|pgm|pbm|jp2|heic)$/i.test(file);
