import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { repository, write } from "./fixture.js";

const run = promisify(execFile);

/** Cut in two, so that this file has no such reference itself. */
const oldStyle = (number: string): string => `${"sec"}tion ${number}`;
const anchor = (document: string, name: string): string => `${document}#${name}`;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-references-"));
  write(
    folder,
    "docs/wire.md",
    "# Wire\n\n## User name\n\n## Ids\n\n### Ids\n\n```sh\n## Fenced\n```\n\n### `If-Match`, twice\n",
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The lines that the check prints about a folder with this file and docs/wire.md; none when it passes. */
async function faultsOf(file: string, content: string): Promise<string[]> {
  write(folder, file, content);
  const check = run(process.execPath, [join(repository, "scripts/check-references.mjs")], { cwd: folder });
  const { code, stderr } = await check.then(
    () => ({ code: 0, stderr: "" }),
    (error: { code: number; stderr: string }) => error,
  );
  const lines = stderr.split("\n").filter((line) => line !== "");
  expect(code).toBe(lines.length === 0 ? 0 : 1);
  return lines;
}

describe("a reference without a target", () => {
  const document = "a number without its document";
  const faulty = [
    [
      "an anchor without heading",
      `\n/** ${anchor("wire.md", "users")} */`,
      `2 ${anchor("wire.md", "users")}: no such heading`,
    ],
    [
      "a third heading of a name",
      `// ${anchor("wire.md", "ids-2")}`,
      `1 ${anchor("wire.md", "ids-2")}: no such heading`,
    ],
    [
      "a heading in a code block",
      `// ${anchor("wire.md", "fenced")}`,
      `1 ${anchor("wire.md", "fenced")}: no such heading`,
    ],
    ["a missing document", `// ${anchor("wires.md", "ids")}`, `1 ${anchor("wires.md", "ids")}: no such document`],
    ["a document elsewhere", `// ${anchor("x/wire.md", "ids")}`, `1 ${anchor("x/wire.md", "ids")}: no such document`],
    ["a section without a document", `/** As ${oldStyle("8.4")} says. */`, `1 ${oldStyle("8")}: ${document}`],
    ["a number alone", "  /** Ids (7.5). */", `1 /** Ids (7.5): ${document}`],
    ["one of two sections", `// RFC 1 ${oldStyle("2")}, ${oldStyle("3")}`, `1 ${oldStyle("3")}: ${document}`],
  ] as const;

  test.each(faulty)("in code: %s", async (_title, source, fault) => {
    expect(await faultsOf("src/a.ts", `${source}\n`)).toEqual([`src/a.ts:${fault}`]);
  });

  const links = [
    ["a missing file", "[x](docs/none.md)", "docs/none.md: no such file"],
    ["a file beside the right one", "[x](wire.md)", "wire.md: no such file"],
    [
      "an anchor of another file",
      `[x](${anchor("docs/wire.md", "users")})`,
      `${anchor("docs/wire.md", "users")}: no such heading`,
    ],
    ["an anchor of the same file", "# Here\n[x](#there)", "#there: no such heading"],
    ["a definition", "[x]: docs/none.md", "docs/none.md: no such file"],
  ] as const;

  test.each(links)("in Markdown: %s", async (_title, source, fault) => {
    expect(await faultsOf("README.md", `${source}\n`)).toEqual([`README.md:${source.split("\n").length} ${fault}`]);
  });
});

describe("a reference with a target", () => {
  const clean = [
    `// ${anchor("wire.md", "user-name")}, ${anchor("docs/wire.md", "ids")}`,
    `// ${anchor("wire.md", "ids-1")}; ${anchor("wire.md", "if-match-twice")}.`,
    `// RFC 5280 ${oldStyle("4.1.2.4")}; MQTT 3.1.1, ${oldStyle("3.2.2.3")}`,
    `// https://example.org/other.md#there`,
    "const at = (0.5);",
  ];

  test.each(clean)("in code: %s", async (source) => {
    expect(await faultsOf("src/a.ts", `${source}\n`)).toEqual([]);
  });

  const links = [
    "[x](docs/wire.md), [`y`](./docs/wire.md#ids-1), [z](docs/), [a folder](docs)",
    "# Here\n[x](#here) [y](https://example.org/none.md#x) [z](mailto:a@example.org)",
    "```\n[x](none.md)\n```\nand `[x](none.md)`",
    "[x]: docs/wire.md#user-name",
  ];

  test.each(links)("in Markdown: %s", async (source) => {
    expect(await faultsOf("README.md", `${source}\n`)).toEqual([]);
  });
});
