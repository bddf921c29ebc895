import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ClientResult, type RunClientOptions, runClient } from "./run-client.js";

const cache = fileURLToPath(
  new URL("../../node_modules/.cache/rollcall/java-sdk-2.5.0-2.1.3-2.0.3-2.0.1", import.meta.url),
);
const INSTALL_MS = 240_000;

const artifacts = [
  ["com.microsoft.azure.sdk.iot", "iot-device-client", "2.5.0"],
  ["com.microsoft.azure.sdk.iot.provisioning", "provisioning-device-client", "2.1.3"],
  ["com.microsoft.azure.sdk.iot.provisioning", "provisioning-service-client", "2.0.3"],
  ["com.microsoft.azure.sdk.iot.provisioning.security", "tpm-provider", "2.0.1"],
  ["org.slf4j", "slf4j-nop", "1.7.32"],
];

const dependency = ([group, artifact, version]: readonly string[]) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rollcall</groupId><artifactId>conformance</artifactId><version>1</version>
  <dependencies>${artifacts.map(dependency).join("")}</dependencies>
</project>
`;

/** The Java SDKs and our compiled client programs, or the reason why they are missing. */
export type JavaSdk = { readonly classPath: string } | { readonly missing: string };

function run(program: string, args: readonly string[], cwd?: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, timeout: INSTALL_MS, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const said = `${stdout}\n${stderr}`.trim().split("\n");
      resolve(error ? (said.find((line) => line.includes("ERROR")) ?? said.at(-1) ?? error.message) : undefined);
    });
  });
}

async function install(folder: string): Promise<string | undefined> {
  writeFileSync(join(folder, "pom.xml"), pom);
  const flags = ["--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=lib"];
  return run("mvn", flags, folder);
}

/** Gets the SDK from Maven Central into node_modules/.cache, once, and compiles our client against it. */
export async function prepareJavaSdk(): Promise<JavaSdk> {
  for (const program of ["javac", "mvn", "keytool"]) {
    const flag = program === "keytool" ? "-help" : "-version";
    if ((await run(program, [flag])) !== undefined) return { missing: `Java SDK: ${program} is not installed` };
  }
  if (!existsSync(cache)) {
    mkdirSync(dirname(cache), { recursive: true });
    const unfinished = mkdtempSync(`${cache}-`);
    const problem = await install(unfinished);
    if (problem === undefined && !existsSync(cache)) renameSync(unfinished, cache);
    rmSync(unfinished, { recursive: true, force: true });
    if (problem !== undefined) return { missing: `Java SDK: Maven could not get it (${problem})` };
  }
  const classes = join(cache, "classes");
  const libraries = join(cache, "lib", "*");
  const sources = ["JavaDevice", "JavaService", "tss/TpmFactory"].map((name) =>
    join(import.meta.dirname, `clients/${name}.java`),
  );
  const problem = await run("javac", ["-d", classes, "-cp", libraries, ...sources]);
  if (problem !== undefined) throw new Error(`the clients in Java do not compile: ${problem}`);
  return { classPath: `${classes}:${libraries}` };
}

export interface TrustStore {
  /** Flags for `java`. */
  readonly flags: readonly string[];
  remove(): void;
}

/** Java reads its trusted CAs from a trust store, not from a PEM file. */
export async function trustStoreOf(caPath: string): Promise<TrustStore> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-java-"));
  const store = join(folder, "trust.p12");
  const import_ = ["-importcert", "-noprompt", "-alias", "rollcall", "-storetype", "PKCS12", "-storepass", "changeit"];
  const problem = await run("keytool", [...import_, "-file", caPath, "-keystore", store]);
  if (problem !== undefined) throw new Error(`keytool: ${problem}`);
  return {
    flags: [`-Djavax.net.ssl.trustStore=${store}`, "-Djavax.net.ssl.trustStorePassword=changeit"],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface JavaRun extends Pick<RunClientOptions, "caPath" | "job" | "onStep" | "timeoutMs"> {
  readonly sdk: JavaSdk;
  readonly trust: TrustStore | undefined;
  /** The port of the device's virtual TPM, if it has one. */
  readonly tpmPort?: number;
}

/** Runs one of our clients to its end. */
export function runJavaClient(name: "JavaDevice" | "JavaService", run: JavaRun): Promise<ClientResult> {
  const { sdk, trust, tpmPort, ...options } = run;
  const unsigned = join(import.meta.dirname, "clients/tss/unsigned.properties");
  const flags = [
    ...(trust?.flags ?? []),
    "-Dfile.encoding=UTF-8",
    "-XX:TieredStopAtLevel=1",
    ...(tpmPort === undefined ? [] : [`-Drollcall.tpmPort=${tpmPort}`, `-Djava.security.properties=${unsigned}`]),
    "-cp",
    "classPath" in sdk ? sdk.classPath : "",
  ];
  return runClient({ command: ["java", ...flags, name], ...options });
}
