import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkspace, runTool, type Workspace, write } from "./fixture.js";

/** A promise whose failure goes unnoticed, and the correct form. */
interface Planted {
  readonly rule: string;
  readonly title: string;
  readonly faulty: string;
  readonly clean: string;
}

const work = "declare function work(): Promise<number>;\n";
const floating = "typescript(no-floating-promises)";
const misused = "typescript(no-misused-promises)";

const cases: readonly Planted[] = [
  {
    rule: floating,
    title: "a call whose promise is not awaited",
    faulty: `${work}export function run(): void { work(); }`,
    clean: `${work}export async function run(): Promise<void> { await work(); }`,
  },
  {
    rule: floating,
    title: "then without catch",
    faulty: `${work}export function run(): void { work().then(() => undefined); }`,
    clean: `${work}export function run(): void { work().then(() => undefined, () => undefined); }`,
  },
  {
    rule: floating,
    title: "an array of promises",
    faulty: `${work}export function run(): void { [1, 2].map(() => work()); }`,
    clean: `${work}export async function run(): Promise<void> { await Promise.all([1, 2].map(() => work())); }`,
  },
  {
    rule: misused,
    title: "an async listener",
    faulty: `import { EventEmitter } from "node:events";
${work}new EventEmitter().on("data", async () => { await work(); });`,
    clean: `import { EventEmitter } from "node:events";
${work}new EventEmitter().on("data", () => { work().catch(() => undefined); });`,
  },
  {
    rule: misused,
    title: "an async timer",
    faulty: `${work}setTimeout(async () => { await work(); }, 1);`,
    clean: `${work}setTimeout(() => { void work(); }, 1);`,
  },
  {
    rule: misused,
    title: "a promise as a condition",
    faulty: `${work}export function run(): string { return work() ? "yes" : "no"; }`,
    clean: `${work}export async function run(): Promise<string> { return (await work()) ? "yes" : "no"; }`,
  },
  {
    rule: misused,
    title: "async forEach",
    faulty: `${work}export function run(): void { [1].forEach(async () => { await work(); }); }`,
    clean: `${work}export async function run(): Promise<void> { for (const _ of [1]) await work(); }`,
  },
  {
    rule: "typescript(await-thenable)",
    title: "await of a value that is not a promise",
    faulty: "export async function run(n: number): Promise<number> { await n; return n; }",
    clean: "export async function run(n: Promise<number>): Promise<number> { await n; return n; }",
  },
  {
    rule: "typescript(return-await)",
    title: "a promise returned out of its own try",
    faulty: `${work}export async function run(): Promise<number> { try { return work(); } catch { return 0; } }`,
    clean: `${work}export async function run(): Promise<number> { try { return await work(); } catch { return 0; } }`,
  },
  {
    rule: "typescript(prefer-promise-reject-errors)",
    title: "a rejection that is not an Error",
    faulty: 'export const run = (): Promise<never> => Promise.reject("no");',
    clean: 'export const run = (): Promise<never> => Promise.reject(new Error("no"));',
  },
  {
    rule: misused,
    title: "an async executor",
    faulty: `${work}export const run = () => new Promise<number>(async (resolve) => { resolve(await work()); });`,
    clean: `${work}export const run = () => new Promise<number>((resolve) => { resolve(work()); });`,
  },
  {
    rule: "promise(no-multiple-resolved)",
    title: "a promise settled twice",
    faulty: "export const run = () => new Promise<number>((resolve) => { resolve(1); resolve(2); });",
    clean: "export const run = () => new Promise<number>((resolve) => { resolve(1); });",
  },
];

interface OxlintReport {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

const fileOf = (twin: string, index: number) => `packages/hub/src/${twin}-${index}.ts`;

describe("oxlint names each mishandled promise and accepts its clean twin", () => {
  let workspace: Workspace;
  const found = new Map<string, Set<string>>();

  beforeAll(async () => {
    workspace = createWorkspace();
    for (const [index, { faulty, clean }] of cases.entries()) {
      write(workspace.path, fileOf("faulty", index), `${faulty}\nexport {};\n`);
      write(workspace.path, fileOf("clean", index), `${clean}\nexport {};\n`);
    }
    const { stdout } = await runTool(workspace.path, "oxlint", ["--type-aware", "--format=json"]);
    for (const { code, filename } of (JSON.parse(stdout) as OxlintReport).diagnostics) {
      found.set(filename, (found.get(filename) ?? new Set()).add(code));
    }
  });

  afterAll(() => workspace.remove());

  test.each(cases.map((planted, index) => ({ ...planted, index })))("$rule: $title", ({ rule, index }) => {
    expect([...(found.get(fileOf("faulty", index)) ?? [])]).toEqual([rule]);
    expect(found.get(fileOf("clean", index))).toBeUndefined();
  });
});
