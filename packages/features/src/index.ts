export { BLOCK } from './block.ts';
export * from './features.ts';
export * from './first-centroids.ts';
export * from './k-means.ts';
export * from './k-means-plus-plus.ts';
export { addProducts, type Matrix } from './products.ts';
export * from './squared-distances.ts';
export { addProduct, type ProductSize, type Strided, type Target } from './strided-product.ts';
export * from './unit-rows.ts';
