export { run } from "./cli.js";
export type { Context } from "./context.js";
