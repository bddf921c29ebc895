export { run } from "./cli.js";
export type { Context } from "./terminal/context.js";
