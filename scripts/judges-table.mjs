/**
 * The outside judges: programs and data of other projects that check ours. They are too slow, or need too many
 * downloads, to run at every change. To add one, add a row.
 *
 * A judge is a command that ends with the line `N passed, N failed, N skipped`, as scripts/test.mjs does, and whose exit
 * code is 0 when it passed. Tests whose data cannot be fetched are skipped, named and counted. The limits add up to 45
 * minutes.
 */
const tests = (...args) => [process.execPath, "scripts/test.mjs", ...args];
const conformance = (name) => `test/conformance/${name}`;

export const judges = [
  {
    name: "python",
    what: "the Python SDKs: devices over every transport, service clients of today and of 2021",
    command: tests(...["python-sdk", "service-sdk-python"].map(conformance)),
    minutes: 4,
  },
  {
    name: "java",
    what: "the Java SDKs: devices, TPM devices, service clients",
    command: tests("--long", ...["java-sdk", "service-sdk-java", "tpm-registration-java"].map(conformance)),
    minutes: 6,
  },
  {
    name: "tpm",
    what: "swtpm, tpm2-tools, IBM's utilities and the Node TPM client, in the long run",
    command: tests("--long", "--project", "conformance", ...["swtpm", "tpm"].map(conformance)),
    minutes: 12,
  },
  {
    name: "x509-limbo",
    what: "208 chains of C2SP/x509-limbo, judged by us and by OpenSSL",
    command: tests("--long", conformance("x509-limbo")),
    minutes: 3,
  },
  {
    name: "node-24",
    what: "every test, on Node 24",
    command: [process.execPath, "scripts/test-on-node-24.mjs"],
    minutes: 20,
  },
];
