import { operatorRoutes, routes, serviceRoutes } from "@rollcall/protocol";

/** A segment that may be an id; `query` never is one (section 7.1). */
const segment = "(?!query(?:/|$))[^/]+";
const tables = { device: routes, service: serviceRoutes, operator: operatorRoutes } as const;
type Table = keyof typeof tables;

const patterns = (Object.keys(tables) as Table[]).flatMap((table) =>
  Object.values<{ method: string; path: string }>(tables[table]).map(({ method, path }) => {
    const matching = path.replace(/:\w+/g, table === "service" ? segment : "[^/]+");
    return { table, method, matches: new RegExp(`^${matching}${table === "service" ? "/?" : ""}$`, "i") };
  }),
);

/** The methods that exist for the path of this URL; empty when the path is unknown. */
export function allowedMethods(url: string, among: readonly Table[]): readonly string[] {
  const [path = ""] = url.split("?", 1);
  const found = patterns.filter((each) => among.includes(each.table) && each.matches.test(path));
  return [...new Set(found.map((each) => each.method))];
}
