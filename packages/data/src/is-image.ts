/** Whether a file is an image, by its name. */
export const isImage = (file: string): boolean => /\.(jpe?g|png|webp|tiff?|bmp|gif)$/i.test(file);
