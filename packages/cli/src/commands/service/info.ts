import type { ServiceInfo } from "@rollcall/protocol";
import type { Command } from "commander";
import { addLocationOption, connect } from "../../client/running-service.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { addOutputOption, type OutputFormat, outputFormats, type Pair, writeRecord } from "../../terminal/output.js";

/** `rollcall info`: how to reach the running service. */
export function addInfo(program: Command, { terminal }: Context): void {
  const info = program
    .command("info")
    .argument("[fact]", "print only this fact, such as connectionString or caPath, for scripts")
    .description("print ID scope, endpoints, portal, connection string and CA of the running service")
    .action(async (fact: string | undefined, options: { location?: string; output?: OutputFormat }) => {
      const service = await connect(options.location);
      const facts = await service.info();
      const { portalUrl } = service;
      if (fact !== undefined) return terminal.out(oneFact({ ...facts, portalUrl }, fact));
      await writeRecord(terminal, options.output, { ...facts, portalUrl }, infoPairs(facts, portalUrl));
    });
  addOutputOption(addLocationOption(info), outputFormats);
}

function oneFact(facts: Readonly<Record<string, unknown>>, name: string): string {
  const known = Object.entries(facts).filter(([, value]) => typeof value === "string");
  const found = known.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
  if (typeof found === "string") return found;
  throw new CliError("usage", `there is no fact ${name}; the facts are ${known.map(([each]) => each).join(", ")}`);
}

/** The facts in the order in which a person needs them. */
function infoPairs(facts: ServiceInfo, portalUrl: string): Pair[] {
  return [
    ["ID scope", facts.idScope],
    ["device endpoint", facts.deviceEndpoint],
    ["service endpoint", facts.serviceEndpoint],
    ["connection string", facts.connectionString],
    ...facts.policies.slice(1).map(({ name, primary }): Pair => [`policy ${name}`, primary]),
    ["portal", portalUrl],
    ["host", facts.host],
    ["ports", `mqtt ${facts.ports.mqtt}, https ${facts.ports.https}, dashboard ${facts.ports.dashboard}`],
    ["CA", facts.caPath],
    ["CA SHA-256", facts.caFingerprint],
    ["hubs", facts.hubs.join(", ")],
    ["store", facts.store.place],
    ["process", String(facts.pid)],
  ];
}
