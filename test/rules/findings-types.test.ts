import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorkspace, repository, runTool, type Workspace, write } from "./fixture.js";

const sources = "packages/protocol/src";

/** A mistake with findings that the compiler must refuse, and how it is written right. */
interface Planted {
  readonly title: string;
  readonly says: RegExp;
  readonly faulty: string;
  readonly clean: string;
}

const cases: readonly Planted[] = [
  {
    title: "a missing value",
    says: /Property 'bytes' is missing/,
    faulty: 'finding("protocol.payloadTooLarge", { values: {} });',
    clean: 'finding("protocol.payloadTooLarge", { values: { bytes: 1 } });',
  },
  {
    title: "no details where a value is needed",
    says: /Expected 2 arguments/,
    faulty: 'finding("protocol.payloadTooLarge");',
    clean: 'finding("protocol.apiVersionMissing");',
  },
  {
    title: "a value that only the remedy needs is missing",
    says: /Property 'how' is missing/,
    faulty: 'finding("enrollment.notFound", { values: { id: "a", hint: "" } });',
    clean: 'finding("enrollment.notFound", { values: { id: "a", hint: "", how: "" } });',
  },
  {
    title: "a superfluous value",
    says: /not assignable to type 'never'/,
    faulty: 'finding("protocol.payloadTooLarge", { values: { bytes: 1, limit: 2 } });',
    clean: 'finding("protocol.packetTooLarge", { values: { bytes: 1, limit: 2 } });',
  },
  {
    title: "a superfluous value in an object that was made before",
    says: /not assignable to type 'never'/,
    faulty: 'const about = { values: { bytes: 1, limit: 2 } };\nfinding("protocol.payloadTooLarge", about);',
    clean: 'const about = { values: { bytes: 1 } };\nfinding("protocol.payloadTooLarge", about);',
  },
  {
    title: "a value where the texts have no name",
    says: /not assignable to type 'undefined'/,
    faulty: 'finding("protocol.apiVersionMissing", { values: { got: "" } });',
    clean: 'finding("protocol.apiVersionMissing", { got: "" });',
  },
  {
    title: "a value that may be absent",
    says: /Property 'nearest' is optional/,
    faulty: 'declare const found: { nearest?: string };\nfinding("enrollment.nearby", { values: found });',
    clean: 'declare const found: { nearest: string };\nfinding("enrollment.nearby", { values: found });',
  },
  {
    title: "one of two codes whose value is missing",
    says: /Property 'bytes' is missing/,
    faulty:
      'declare const code: "protocol.payloadTooLarge" | "protocol.bodyMalformed";\nfinding(code, { values: { reason: "" } });',
    clean:
      'declare const code: "protocol.payloadTooLarge" | "protocol.bodyMalformed";\nfinding(code, { values: { reason: "", bytes: 1 } });',
  },
];

const nameOf = (twin: string, index: number) => `${sources}/planted-${twin}-${index}.ts`;
const program = (text: string) => `import { finding } from "./findings/finding.js";\n${text}\nexport {};\n`;

/** Compiles `protocol` with what was planted in it; returns file → the messages of its errors. */
async function compile(workspace: Workspace): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await runTool(workspace.path, "tsc", ["-p", "packages/protocol", "--noEmit", "--pretty", "false"]);
  const found = new Map<string, string[]>();
  for (const error of stdout.split(/\n(?=\S)/)) {
    const file = /^(\S+?)\(\d+,\d+\): error /.exec(error)?.[1];
    if (file !== undefined) found.set(file, [...(found.get(file) ?? []), error]);
  }
  return found;
}

describe("the compiler refuses", () => {
  const workspace = createWorkspace();
  let found: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    cpSync(join(repository, sources), join(workspace.path, sources), { recursive: true });
    for (const [index, { faulty, clean }] of cases.entries()) {
      write(workspace.path, nameOf("faulty", index), program(faulty));
      write(workspace.path, nameOf("clean", index), program(clean));
    }
    const tokens = join(workspace.path, sources, "findings/rows/token.ts");
    const planted = readFileSync(tokens, "utf8").replace('"key.groupKeyUsedRaw",', '"key.groupKeyUsedRow",');
    write(workspace.path, `${sources}/findings/rows/token.ts`, planted);
    found = await compile(workspace);
  });

  afterAll(() => workspace.remove());

  test.each(cases.map((planted, index) => ({ ...planted, index })))("$title", ({ says, index }) => {
    expect(found.get(nameOf("faulty", index))).toEqual([expect.stringMatching(says)]);
    expect(found.get(nameOf("clean", index))).toBeUndefined();
  });

  test("a row that follows from a code that no row has, where the table is put together", () => {
    const table = `${sources}/findings/finding-rows.ts`;
    expect(found.get(table)).toEqual([expect.stringContaining('"key.groupKeyUsedRow"')]);
    const elsewhere = [...found.keys()].filter((file) => !file.startsWith(`${sources}/planted-`));
    expect(elsewhere).toEqual([table, `${sources}/findings/finding.ts`]);
  });
});
