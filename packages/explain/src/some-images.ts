/** Images that are looked at where none are named: all, but at most `most`, spread evenly over the set. */
export const someImages = (images: number, most: number): Int32Array => {
  const count = Math.min(images, most);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * images) / count));
};
