import { describe, expect, it } from "vitest";
import { buildPath } from "./build-path.js";
import type { Certificate } from "./certificate.js";
import { issueIntermediate, issueLeaf, issueRoot } from "./issue.js";

const faults = { keyIdentifiers: false };
const root = await issueRoot({ commonName: "Root" });
const first = await issueIntermediate({ commonName: "CA 1", parent: root });
const second = await issueIntermediate({ commonName: "CA 2", parent: first });
const leaf = await issueLeaf({ commonName: "pump", parent: second });
const other = await issueLeaf({ commonName: "valve", parent: first });
/** Has the name of CA 2, a different key and no key identifiers: only a signature tells the two apart. */
const alike = await issueIntermediate({ commonName: "CA 2", parent: first, faults });
const bareLeaf = await issueLeaf({ commonName: "pump", parent: second, faults });

const certificates = { root, first, second, leaf, other, alike, bareLeaf };
type Name = keyof typeof certificates;
const of = (names: readonly Name[]) => names.map((name) => certificates[name].certificate);
const namesOf = (list: readonly Certificate[]) =>
  list.map((one) => Object.entries(certificates).find(([, { certificate }]) => certificate === one)?.[0]);

describe("buildPath", () => {
  const rows: readonly (readonly [string, readonly Name[], { path: Name[]; unused?: Name[]; reordered?: boolean }])[] =
    [
      ["in order", ["leaf", "second", "first", "root"], { path: ["leaf", "second", "first", "root"] }],
      ["leaf only", ["leaf"], { path: ["leaf"] }],
      [
        "reversed above the leaf",
        ["leaf", "root", "first", "second"],
        { path: ["leaf", "second", "first", "root"], reordered: true },
      ],
      [
        "an unrelated certificate in between",
        ["leaf", "other", "second"],
        { path: ["leaf", "second"], unused: ["other"] },
      ],
      ["a gap", ["leaf", "first", "root"], { path: ["leaf"], unused: ["first", "root"] }],
      ["a look-alike first", ["bareLeaf", "alike", "second"], { path: ["bareLeaf", "second"], unused: ["alike"] }],
      ["a look-alike last", ["bareLeaf", "second", "alike"], { path: ["bareLeaf", "second"], unused: ["alike"] }],
      ["only the look-alike: kept, so that the judge can name it", ["leaf", "alike"], { path: ["leaf", "alike"] }],
      ["a root ends it", ["root", "first", "leaf"], { path: ["root"], unused: ["first", "leaf"] }],
      ["a leaf sent twice", ["leaf", "leaf", "second"], { path: ["leaf", "second"] }],
    ];
  it.each(rows)("%s", (_, presented, { path, unused = [], reordered = false }) => {
    const built = buildPath(of(presented));
    expect({ path: namesOf(built.path), unused: namesOf(built.unused), reordered: built.reordered }).toEqual({
      ...{ path, unused, reordered },
    });
    expect(built.problems).toEqual([]);
  });

  it("says that nothing was presented", () => {
    expect(buildPath([])).toMatchObject({ path: [], problems: [{ code: "noCertificate" }] });
  });

  it("stops at the allowed depth and says so", () => {
    const built = buildPath(of(["leaf", "second", "first", "root"]), { maxDepth: 2 });
    expect(namesOf(built.path)).toEqual(["leaf", "second", "first"]);
    expect(built.problems).toMatchObject([{ code: "tooDeep", element: { index: 2, subject: "CN=CA 1" } }]);
    expect(buildPath(of(["leaf", "second", "first", "root"]), { maxDepth: 3 }).problems).toEqual([]);
  });

  it("ends where two CAs issue each other, and says so", async () => {
    const east = await issueRoot({ commonName: "East" });
    const west = await issueIntermediate({ commonName: "West", parent: east });
    const eastAgain = await issueIntermediate({ commonName: "East", key: east.privateKey, parent: west });
    const device = await issueLeaf({ commonName: "pump", parent: west });
    const built = buildPath([device, west, eastAgain].map(({ certificate }) => certificate));
    expect(built.path.map(({ subject }) => subject)).toEqual(["CN=pump", "CN=West", "CN=East"]);
    expect(built.problems).toMatchObject([{ code: "loop", element: { kind: "intermediate", index: 2 } }]);
  });

  it("looks at twenty certificates at most", () => {
    const many = Array.from({ length: 30 }, () => alike.certificate);
    const built = buildPath([leaf.certificate, ...many, second.certificate]);
    expect(built.problems).toMatchObject([{ code: "tooMany", got: "32" }]);
    expect(built.path).toHaveLength(2);
  });
});
