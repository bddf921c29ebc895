import { type Command, Option } from "commander";
import type { Context } from "../../terminal/context.js";
import { parsePort } from "../../terminal/durations.js";

/** `rollcall start`: the service, in the foreground or detached. */
export function addStart(program: Command, context: Context): void {
  const start = program
    .command("start")
    .description("start the service; prints how to reach it")
    .option("--config <file>", "file with settings (default: rollcall.yaml, if it exists)")
    .option("--location <dir>", "data directory: CA, keys, database, pid and log (default: ./.rollcall)")
    .option(
      "--store <store>",
      "sqlite (default: a database in the location), memory, or postgres://user:password@host/db",
    )
    .addOption(new Option("--in-memory", "forget everything on stop").conflicts(["location", "detach", "store"]))
    .option("--host <ip>", "address to listen on (default: 127.0.0.1)")
    .option("--hub-host <name>", "host name of the assigned hub (default: the host name of the service)")
    .addOption(
      new Option("--mqtt-port <n>", "MQTT over TLS (default: 8883); 0 picks any free port").argParser(parsePort),
    )
    .addOption(new Option("--https-port <n>", "HTTPS and WebSocket (default: 443, else 8443)").argParser(parsePort))
    .addOption(
      new Option("--dashboard-port <n>", "portal and management, plain HTTP (default: 8080)").argParser(parsePort),
    )
    .option("--seed <file>", "enrollments to load: JSON or YAML, or a folder of such files")
    .option("--id-scope <scope>", "ID scope (default: 0ne00000000)")
    .option("--retry-after <duration>", "wait that devices are told before they ask again (default: 3s)")
    .option("--assigning-for <duration>", "how long a registration stays assigning (default: 0s)")
    .option("--registrations-per-minute <n>", "answer 429 to further registrations (default: no limit)")
    .option("--tpm-over-mqtt <true|false>", "TPM attestation over MQTT, an extension (default: on, if on loopback)")
    .option("--replace-cluster-keys", "once: give all nodes that share the database this node's CA and keys")
    .option("--log-level <level>", "silent, error, warn, info, debug or trace (default: info)")
    .option("--detach", "return once the service is ready, and leave it running")
    .action(async (flags) => (await import("./start-action.js")).start(flags, context));
  start.addHelpText("after", HELP);
}

const HELP = `
Nearly every flag is also an environment variable (ROLLCALL_MQTT_PORT) and a setting
of rollcall.yaml; flags win over variables, and variables over the file. TPM attestation over MQTT
is an extension of Rollcall: the cloud has it over HTTPS only.

Examples:
  rollcall start --seed seed.yaml
  rollcall start --mqtt-port 0 --https-port 0 --dashboard-port 0 --detach && rollcall info`;
