import { transportRows } from "@rollcall/protocol";

/** SDKs whose samples' variables are known. */
export const sdks = ["node", "python", "csharp", "c", "pnp"] as const;
export type Sdk = (typeof sdks)[number];

/** The facts about service and device that an SDK sample needs. */
export interface DeviceFacts {
  readonly host: string;
  readonly mqttPort: number;
  readonly idScope: string;
  readonly registrationId: string;
  /** Absolute path of the CA that the device must trust. */
  readonly caPath: string;
  /** base64: the device's own key. */
  readonly key?: string | undefined;
  readonly certificatePath?: string | undefined;
  readonly keyPath?: string | undefined;
}

export interface Variables {
  readonly variables: readonly (readonly [string, string])[];
  /** Hints that cannot be expressed as a variable. */
  readonly notes: readonly string[];
}

const MQTT_PORT = transportRows.mqtt.defaultPort;

/**
 * The variables that an SDK's samples read (names as in their sources), and the variable that makes it trust a local
 * CA.
 */
export function sdkEnvironment(sdk: Sdk, facts: DeviceFacts): Variables {
  const { variables, notes } = tables[sdk](facts);
  const known = variables.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const portNote = facts.mqttPort === MQTT_PORT ? undefined : portNotes[sdk];
  return { variables: known, notes: [...notes, ...(portNote === undefined ? [] : [portNote(facts.mqttPort)])] };
}

interface Row {
  readonly variables: readonly (readonly [string, string | undefined])[];
  readonly notes: readonly string[];
}

const fixed = (port: number) =>
  `This SDK connects to ${MQTT_PORT} only, but the service listens on ${port}: start it with --mqtt-port ${MQTT_PORT}.`;

/** Whether and how each SDK can use a port other than 8883 (wire.md#ports). */
const portNotes: Readonly<Partial<Record<Sdk, (port: number) => string>>> = {
  python: fixed,
  csharp: (port) =>
    `The service listens on ${port}: set ProvisioningTransportHandler.Port, or start it with --mqtt-port ${MQTT_PORT}.`,
  pnp: fixed,
};

const withPort = ({ host, mqttPort }: DeviceFacts): string => (mqttPort === MQTT_PORT ? host : `${host}:${mqttPort}`);

const provisioning = (facts: DeviceFacts, host: string): (readonly [string, string | undefined])[] => [
  ["PROVISIONING_HOST", host],
  ["PROVISIONING_IDSCOPE", facts.idScope],
  ["PROVISIONING_REGISTRATION_ID", facts.registrationId],
  ["PROVISIONING_SYMMETRIC_KEY", facts.key],
];

const tables: Readonly<Record<Sdk, (facts: DeviceFacts) => Row>> = {
  node: (facts) => ({
    variables: [
      ...provisioning(facts, withPort(facts)),
      ["CERTIFICATE_FILE", facts.certificatePath],
      ["KEY_FILE", facts.keyPath],
      ["NODE_EXTRA_CA_CERTS", facts.caPath],
    ],
    notes: [],
  }),
  python: (facts) => ({
    variables: [
      ...provisioning(facts, facts.host),
      ["X509_CERT_FILE", facts.certificatePath],
      ["X509_KEY_FILE", facts.keyPath],
      ["PROVISIONING_X509_CERT_FILE", facts.certificatePath],
      ["PROVISIONING_X509_KEY_FILE", facts.keyPath],
      ["SSL_CERT_FILE", facts.caPath],
    ],
    notes: [],
  }),
  csharp: (facts) => ({
    variables: [
      ["DPS_GLOBALDEVICEENDPOINT", facts.host],
      ["DPS_IDSCOPE", facts.idScope],
      ["DPS_REGISTRATION_ID", facts.registrationId],
      ["DPS_PRIMARY_KEY", facts.key],
      ["SSL_CERT_FILE", facts.caPath],
    ],
    notes: [
      "SSL_CERT_FILE works on Linux. Newer .NET samples take arguments instead of variables: -s ID scope, -i registration id, -p key, -g endpoint.",
      ...(facts.certificatePath === undefined
        ? []
        : ["X.509 samples read one PKCS#12 file: rollcall pki p12 makes it."]),
    ],
  }),
  c: (facts) => ({
    variables: [
      ["AZ_IOT_GLOBAL_PROVISIONING_ENDPOINT", `ssl://${facts.host}:${facts.mqttPort}`],
      ["AZ_IOT_PROVISIONING_ID_SCOPE", facts.idScope],
      ["AZ_IOT_PROVISIONING_REGISTRATION_ID", facts.registrationId],
      ["AZ_IOT_PROVISIONING_SAS_REGISTRATION_ID", facts.key === undefined ? undefined : facts.registrationId],
      ["AZ_IOT_PROVISIONING_SAS_KEY", facts.key],
      ["AZ_IOT_DEVICE_X509_CERT_PEM_FILE_PATH", facts.certificatePath],
      ["AZ_IOT_DEVICE_X509_TRUST_PEM_FILE_PATH", facts.caPath],
    ],
    notes: [
      "Newer embedded C samples have the endpoint in their source: set it there. The C SDK gets the CA by OPTION_TRUSTED_CERT.",
      ...(facts.certificatePath === undefined
        ? []
        : ["The certificate file of embedded C contains the private key too: put both PEM blocks into it."]),
    ],
  }),
  pnp: (facts) => ({
    variables: [
      ["IOTHUB_DEVICE_SECURITY_TYPE", "DPS"],
      ["IOTHUB_DEVICE_DPS_ENDPOINT", facts.host],
      ["IOTHUB_DEVICE_DPS_ID_SCOPE", facts.idScope],
      ["IOTHUB_DEVICE_DPS_DEVICE_ID", facts.registrationId],
      ["IOTHUB_DEVICE_DPS_DEVICE_KEY", facts.key],
      ["NODE_EXTRA_CA_CERTS", facts.caPath],
      ["SSL_CERT_FILE", facts.caPath],
    ],
    notes: ["Plug and Play samples register with symmetric keys only."],
  }),
};
