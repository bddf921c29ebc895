import type { Command } from "commander";
import type { Context } from "../context.js";
export function addDemo(program: Command, _context: Context): void {
  program.command("demo");
}
