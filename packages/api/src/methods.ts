import { decodeOnce, managementRoutes, operatorRoutes, routes, serviceRoutes } from "@rollcall/protocol";

/** Node's SDK writes a slash after the collection of a bulk operation. */
export const takesSlash = (path: string): boolean => !path.includes(":id") && !path.endsWith("/query");

/** A segment that may be an id; `query` is never an id (wire.md#service-routes). */
const segment = "(?!query(?:/|$))[^/]+";
const tables = {
  device: routes,
  service: serviceRoutes,
  operator: operatorRoutes,
  management: managementRoutes,
} as const;
type Table = keyof typeof tables;

const patterns = (Object.keys(tables) as Table[]).flatMap((table) =>
  Object.values<{ method: string; path: string }>(tables[table]).map(({ method, path }) => {
    const isService = table === "service";
    const matching = path.replace(/:\w+/g, isService ? segment : "[^/]+");
    return { table, method, matches: new RegExp(`^${matching}${isService && takesSlash(path) ? "/?" : ""}$`, "i") };
  }),
);

/**
 * A path in the form in which the router compares it: `%71uery` is `query`; an encoded slash stays within its segment.
 */
function comparable(url: string): string {
  const [path = ""] = url.split("?", 1);
  const segments = path.split("/").map((each) => (decodeOnce(each) ?? each).replaceAll("/", "%2F"));
  return segments.join("/");
}

/** The allowed methods for the path of this URL; empty when the path is unknown. */
export function allowedMethods(url: string, among: readonly Table[]): readonly string[] {
  const path = comparable(url);
  const found = patterns.filter((each) => among.includes(each.table) && each.matches.test(path));
  return [...new Set(found.map((each) => each.method))];
}
