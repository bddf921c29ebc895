import type { QoS } from "mqtt-packet";
import { type TokenStyle, tokenStyles } from "./device-tokens.js";

/** A client's texts on MQTT (wire.md#connect, wire.md#register, wire.md#sas-by-client). */
export interface MqttClientRow {
  /** The client's letter in wire.md#clients. */
  readonly client: "N" | "P" | "C" | "S" | "J" | "E";
  readonly name: string;
  readonly registrationId: string;
  /** The part of the user name after `{scope}/registrations/{id}/`. */
  readonly query: string;
  readonly clean: boolean;
  readonly keepalive: number;
  readonly qos: QoS;
  readonly rids: readonly [string, string];
  readonly registerBody: (registrationId: string) => string;
  readonly pollBody: (registrationId: string) => string;
  readonly token: TokenStyle;
  /** Path and sub-protocol of its WebSocket; absent for the embedded client. */
  readonly webSocket?: { readonly path: string; readonly protocol: string };
}

const empty = () => "";
const space = () => " ";
const idOnly = (registrationId: string) => JSON.stringify({ registrationId });
const hubPath = "/$iothub/websocket";

export const mqttClients: readonly MqttClientRow[] = [
  {
    client: "N",
    name: "Node",
    registrationId: "wire-node-01",
    query: "api-version=2019-03-31&ClientVersion=azure-iot-provisioning-device%2F1.9.1",
    clean: true,
    keepalive: 180,
    qos: 1,
    rids: ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3302"],
    registerBody: idOnly,
    pollBody: space,
    token: tokenStyles.N,
    webSocket: { path: hubPath, protocol: "mqtt" },
  },
  {
    client: "P",
    name: "Python",
    registrationId: "wire-python_01.a",
    query: "api-version=2019-03-31&ClientVersion=azure-iot-device-provisioning-py%2F2.14.0%283.11%3BLinux%29",
    clean: false,
    keepalive: 60,
    qos: 1,
    rids: ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810%2D9dad%2D11d1"],
    registerBody: (registrationId) => JSON.stringify({ payload: null, registrationId }),
    pollBody: space,
    token: tokenStyles.P,
    webSocket: { path: hubPath, protocol: "mqtt" },
  },
  {
    client: "C",
    name: "C",
    registrationId: "wire-c-01",
    query: "api-version=2021-06-01&ClientVersion=1.15.0",
    clean: true,
    keepalive: 0,
    qos: 0,
    rids: ["2", "3"],
    registerBody: idOnly,
    pollBody: idOnly,
    token: tokenStyles.C,
    webSocket: { path: hubPath, protocol: "MQTT" },
  },
  {
    client: "S",
    name: ".NET",
    registrationId: "symmetrickey:0f8fad5b-d9cb-469f-a165-70867728950e",
    query: "api-version=2019-03-31&ClientVersion=.NET%2F1.19.4%20%28.NET%208.0.1%3B%20Linux%29",
    clean: true,
    keepalive: 0,
    qos: 1,
    rids: ["31001", "31002"],
    registerBody: empty,
    pollBody: empty,
    token: tokenStyles.S,
    webSocket: { path: "/", protocol: "mqtt" },
  },
  {
    client: "J",
    name: "Java",
    registrationId: "wire-java-01",
    query: "api-version=2019-03-31&ClientVersion=2019-03-31",
    clean: false,
    keepalive: 230,
    qos: 0,
    rids: ["1", "2"],
    registerBody: (registrationId) => JSON.stringify({ registrationId, payload: '{"site":"north"}' }),
    pollBody: empty,
    token: tokenStyles.J,
    webSocket: { path: "/mqtt", protocol: "mqtt" },
  },
  {
    client: "E",
    name: "embedded C",
    registrationId: "Wire-Embedded-01",
    query: "api-version=2019-03-31",
    clean: true,
    keepalive: 240,
    qos: 1,
    rids: ["1", "1"],
    registerBody: idOnly,
    pollBody: empty,
    token: tokenStyles.E,
  },
];

/** A client's texts over HTTPS (wire.md#https-routes, wire.md#https-clients). */
export interface HttpClientRow {
  readonly client: "N" | "C" | "S" | "J" | "R" | "curl";
  readonly name: string;
  readonly registrationId: string;
  readonly pathId: (registrationId: string) => string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly registerBody: (registrationId: string) => string;
  /** A body on a GET. */
  readonly pollBody?: string;
  readonly token: TokenStyle;
}

const asIs = (registrationId: string) => registrationId;

export const httpClients: readonly HttpClientRow[] = [
  {
    client: "N",
    name: "Node",
    registrationId: "wire-http:node",
    pathId: asIs,
    query: "api-version=2019-03-31&forceRegistration=true",
    headers: { accept: "application/json", "content-type": "application/json; charset=utf-8" },
    registerBody: idOnly,
    pollBody: "{}",
    token: tokenStyles.N,
  },
  {
    client: "C",
    name: "C",
    registrationId: "wire-http-c:1",
    pathId: (registrationId) => encodeURIComponent(registrationId),
    query: "api-version=2021-06-01",
    headers: { useragent: "prov_device_client/1.0", accept: "application/json", "content-type": "application/json" },
    registerBody: (registrationId) => `{"registrationId":"${registrationId}","payload":{"path":"a\\/b"}}`,
    token: tokenStyles.C,
  },
  {
    client: "S",
    name: ".NET",
    registrationId: "symmetrickey:c56a4180-65aa-42ec-a945-5fd21dec0538",
    pathId: (registrationId) => encodeURIComponent(registrationId),
    query: "api-version=2019-03-31",
    headers: { "content-type": "application/json; charset=utf-8" },
    registerBody: idOnly,
    token: tokenStyles.S,
  },
  {
    client: "J",
    name: "Java",
    registrationId: "wire-http-java",
    pathId: asIs,
    query: "api-version=2019-03-31",
    headers: { "content-type": "application/json", accept: "application/json" },
    registerBody: idOnly,
    token: tokenStyles.J,
  },
  {
    client: "R",
    name: "IoT Edge",
    registrationId: "Wire-Http-Edge",
    pathId: asIs,
    query: "api-version=2021-06-01",
    headers: { "content-type": "application/json" },
    registerBody: idOnly,
    token: tokenStyles.R,
  },
  {
    client: "curl",
    name: "the documentation's curl: Content-Encoding, no Content-Type",
    registrationId: "wire-http-curl",
    pathId: asIs,
    query: "api-version=2021-06-01",
    headers: { "content-encoding": "utf-8" },
    registerBody: idOnly,
    token: tokenStyles.C,
  },
];
