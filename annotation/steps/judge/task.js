// Like a comparison, with one text.

export { start } from "../compare/task.js";
