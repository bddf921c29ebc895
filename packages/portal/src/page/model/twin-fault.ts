import { faultAt, type JsonFault, type NameSeen, readNames } from "./json-fault.js";

/**
 * The first thing that is wrong with the text of an initial twin: as JSON, a name that stands twice in its object (the
 * last one alone would count), or one that the service would drop since it is neither a tag nor a desired property.
 */
export function findTwinFault(text: string): JsonFault | undefined {
  const read = readNames(text);
  if ("fault" in read) return read.fault;
  const start = text.search(/\S/);
  if (text[start] !== "{") {
    return faultAt(text, start, "the initial twin is an object with tags and properties.desired");
  }
  const seen = new Set<string>();
  for (const { path, offset } of read.names) {
    const key = JSON.stringify(path);
    const name = JSON.stringify(path.at(-1));
    if (seen.has(key))
      return faultAt(text, offset, `${name} stands twice in this object; only the last one would count`);
    seen.add(key);
    const stray = strayProblem(path);
    if (stray !== undefined) return faultAt(text, offset, `${name} ${stray}`);
  }
  return undefined;
}

/** Members that the service keeps (wire.md#twincollection); those with $ are about the collection. */
function strayProblem([first, second, ...more]: NameSeen["path"]): string | undefined {
  if (second === undefined && first !== "tags" && first !== "properties") {
    return "is neither tags nor properties, and no device would get it: a desired property belongs in properties.desired";
  }
  if (first === "properties" && second !== undefined && second !== "desired" && more.length === 0) {
    return "is not desired, and no device would get it: only properties.desired is set when a device is provisioned";
  }
  return undefined;
}

const ABOUT = /^initialTwin\.(tags|properties\.desired): \w+(\S*)(?: has the name ("(?:[^"\\]|\\.)*"))?/;

/** Where in the text a refusal of the service's belongs, such as `initialTwin.tags: tags.a.b is …`. */
export function placeTwinFault(text: string, message: string): string {
  const about = ABOUT.exec(message);
  const read = readNames(text);
  if (!about || "fault" in read) return message;
  const [, part = "", rest = "", name] = about;
  const inner = rest.split(/\.|(?=\[)/).filter((step) => step !== "");
  const path = [...part.split("."), ...inner, ...(name ? [String(JSON.parse(name))] : [])].map((step) =>
    /^\[\d+\]$/.test(step) ? Number(step.slice(1, -1)) : step,
  );
  for (let length = path.length; length > 0; length -= 1) {
    const key = JSON.stringify(path.slice(0, length));
    const found = read.names.find((each) => JSON.stringify(each.path) === key);
    if (found) return `Line ${faultAt(text, found.offset, "").line}: ${message}.`;
  }
  return message;
}
