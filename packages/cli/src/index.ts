export { type Analysis, analyse, type Summary } from './analysis.ts';
export { main, program } from './main.ts';
export { defineRecipe, loadRecipe, parseRecipe, type Recipe, type RecipeInput } from './recipe.ts';
export { recipes } from './recipes/index.ts';
export { writeReport } from './report/report.ts';
