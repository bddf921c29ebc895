import { expect } from "vitest";

/**
 * Requests as written in the sources of service clients that are not npm or PyPI packages, and the expected state
 * afterwards.
 */
export interface ClientRequest {
  readonly client: string;
  readonly does: string;
  /** The attestation of the enrollment that exists before the request. */
  readonly existing?: "symmetricKey" | "x509";
  readonly method: string;
  /** `{etag}` stands for the etag of the existing enrollment. */
  readonly target: string;
  /** In the client's spelling, with `{etag}`, `{bare}` (the etag without quotes) and `{sas}`. */
  readonly headers: readonly string[];
  /**
   * With `{pem}`: a certificate in PEM without line ends, `{pem64}`: base64 of PEM, and `{info}`: the secondary
   * certificate's info from GET.
   */
  readonly body?: string;
  readonly status: number;
  /** A part of the answer. */
  readonly answer?: unknown;
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** The answer of GET must not change. */
  readonly changesNothing?: true;
  /** The keys must not change. */
  readonly keepsKeys?: true;
}

/** azure-iot-cli-extension `azext_iot/sdk/dps/service` (msrest over requests) and `azext_iot/operations/dps.py`. */
const az = [
  "Host: my-dps.test",
  "User-Agent: python/3.11.8 (Linux) msrest/0.7.1 IoTPlatformCliExtension/0.27.0",
  "Accept-Encoding: gzip, deflate",
  "Accept: application/json",
  "Connection: keep-alive",
  "Content-Type: application/json; charset=utf-8",
  "x-ms-client-request-id: 6f7c1e5e-c9f1-11f0-8de9-0242ac120002",
  "accept-language: en-US",
  "Authorization: {sas}",
];
/** azure-iot-sdk-csharp `provisioning/service/src/Contract/ContractApiHttp.cs`: `UserAgent` is the name of an enum member. */
const net = [
  "Host: my-dps.test",
  "Accept: application/json",
  "Authorization: {sas}",
  "UserAgent: Microsoft.Azure.Devices.Provisioning.Service/1.19.1 (.NET 8.0.4; Linux; X64)",
];
const netBody = "Content-Type: application/json; charset=utf-8";
/** azure-iot-sdk-c `provisioning_service_client/src/provisioning_service_client.c`: a content type, with or without a body. */
const c = [
  "Host: my-dps.test",
  "UserAgent: iothub_dps_prov_client/1.0",
  "Accept: application/json",
  "Content-Type: application/json; charset=utf-8",
  "Authorization: {sas}",
];

/** The twin of the enrollment that exists before the request. */
export const twin = { tags: { site: "north" }, properties: { desired: { interval: 5 } } };
const azTwin = '"initialTwin": {"tags": {}, "properties": {"desired": {}}}';
const azPolicy = '"reprovisionPolicy": {"updateHubAssignment": true, "migrateDeviceData": true}';

export const clientRequests: readonly ClientRequest[] = [
  {
    client: "az",
    does: "creates with generated keys: an attestation without keys, empty twin collections",
    method: "PUT",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: az,
    body: `{"registrationId": "x", "attestation": {"type": "symmetricKey", "symmetricKey": {}}, "capabilities": {"iotEdge": false}, ${azTwin}, "provisioningStatus": "enabled", ${azPolicy}, "optionalDeviceInformation": {}}`,
    status: 200,
    answer: { registrationId: "x", attestation: { type: "symmetricKey" }, capabilities: { iotEdge: false } },
  },
  {
    client: "az before 0.12",
    does: "writes the allocation policy in lower case, and its tests read geoLatency",
    method: "PUT",
    target: "/enrollments/x?api-version=2019-03-31",
    headers: az,
    body: `{"registrationId": "x", "attestation": {"type": "symmetricKey", "symmetricKey": {}}, "allocationPolicy": "geolatency", "iotHubs": ["hub-a.test"], ${azPolicy}}`,
    status: 200,
    answer: { allocationPolicy: "geoLatency", iotHubs: ["hub-a.test"] },
  },
  {
    client: "az of 2026",
    does: "names the issuer of certificates, and reads the names again",
    method: "PUT",
    target: "/enrollments/x?api-version=2026-11-01",
    headers: az,
    body: `{"registrationId": "x", "attestation": {"type": "symmetricKey", "symmetricKey": {}}, "namespaceName": "my-namespace", "certificateAuthorityName": "my-authority", "certificatePolicyName": "my-policy", ${azTwin}}`,
    status: 200,
    answer: {
      namespaceName: "my-namespace",
      certificateAuthorityName: "my-authority",
      certificatePolicyName: "my-policy",
    },
  },
  {
    client: "az",
    does: "shows an enrollment: a content type without a body",
    existing: "symmetricKey",
    method: "GET",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: az,
    status: 200,
    // `update` reads .tags.as_dict() and .properties.desired.as_dict() of a twin that is there.
    answer: { initialTwin: twin },
  },
  {
    client: "az",
    does: "asks for the keys",
    existing: "symmetricKey",
    method: "POST",
    target: "/enrollments/x/attestationmechanism?api-version=2021-10-01",
    headers: [...az, "Content-Length: 0"],
    status: 200,
    answer: {
      type: "symmetricKey",
      symmetricKey: { primaryKey: expect.any(String), secondaryKey: expect.any(String) },
    },
  },
  {
    client: "az",
    does: "creates over what is there, without If-Match, and changes nothing",
    existing: "symmetricKey",
    method: "PUT",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: az,
    body: `{"registrationId": "x", "attestation": {"type": "symmetricKey", "symmetricKey": {}}, "provisioningStatus": "disabled", ${azTwin}}`,
    status: 409,
    answer: { errorCode: 409201, message: expect.any(String), trackingId: expect.any(String) },
    answerHeaders: { "x-ms-error-code": "409201" },
    keepsKeys: true,
    changesNothing: true,
  },
  {
    client: "az",
    does: "updates any version",
    existing: "symmetricKey",
    method: "PUT",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: [...az, "If-Match: *"],
    body: `{"registrationId": "x", "attestation": {"type": "symmetricKey"}, "etag": "{bare}", "provisioningStatus": "disabled", ${azTwin}}`,
    status: 200,
    answer: { provisioningStatus: "disabled" },
    keepsKeys: true,
  },
  {
    client: "az",
    does: "updates over --etag, which users write without quotes",
    existing: "symmetricKey",
    method: "PUT",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: [...az, "If-Match: {bare}"],
    body: `{"registrationId": "x", "attestation": {"type": "symmetricKey"}}`,
    status: 200,
    keepsKeys: true,
  },
  {
    client: "az",
    does: "updates over the etag of its documentation, which does not match",
    existing: "symmetricKey",
    method: "PUT",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: [...az, "If-Match: AAAAAAAAAAA="],
    body: `{"registrationId": "x", "attestation": {"type": "symmetricKey"}}`,
    status: 412,
    answer: { errorCode: 412001, message: expect.any(String), trackingId: expect.any(String) },
    keepsKeys: true,
  },
  {
    client: "az",
    does: "removes the primary certificate (--remove-certificate), and leaves the secondary as it was read",
    existing: "x509",
    method: "PUT",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: [...az, "If-Match: {etag}"],
    body: `{"registrationId": "x", "attestation": {"type": "x509", "x509": {"clientCertificates": {"secondary": {"info": {info}}}}}}`,
    status: 200,
    answer: { attestation: { type: "x509", x509: { clientCertificates: { secondary: { info: { version: 3 } } } } } },
  },
  {
    client: "az",
    does: "lists without FROM, and forbids caching",
    existing: "symmetricKey",
    method: "POST",
    target: "/enrollments/query?api-version=2021-10-01",
    headers: [...az, "Cache-Control: no-cache, must-revalidate"],
    body: '{"query": "SELECT *"}',
    status: 200,
    answer: [{ registrationId: "x" }],
    answerHeaders: { "x-ms-item-type": "Enrollment" },
  },
  {
    client: "az",
    does: "lists: the query specification printed as Python prints it, where the text of the query belongs",
    existing: "symmetricKey",
    method: "POST",
    target: "/enrollments/query?api-version=2021-10-01",
    headers: [...az, "Cache-Control: no-cache, must-revalidate"],
    body: `{"query": "{'additional_properties': {}, 'query': 'SELECT *'}"}`,
    status: 200,
    answer: [{ registrationId: "x" }],
    answerHeaders: { "x-ms-item-type": "Enrollment" },
  },
  {
    client: "az",
    does: "lists --top 5000, which is more than one page",
    existing: "symmetricKey",
    method: "POST",
    target: "/enrollments/query?api-version=2026-11-01",
    headers: [...az, "x-ms-max-item-count: 5000"],
    body: '{"query": "SELECT *"}',
    status: 200,
    answer: [{ registrationId: "x" }],
    answerHeaders: { "x-ms-max-item-count": "1000" },
  },
  {
    client: "az",
    does: "deletes any version",
    existing: "symmetricKey",
    method: "DELETE",
    target: "/enrollments/x?api-version=2021-10-01",
    headers: [...az, "If-Match: *", "Content-Length: 0"],
    status: 204,
  },
  {
    client: "az",
    does: "lists the registrations of an unknown group",
    method: "POST",
    target: "/registrations/nobody/query?api-version=2021-10-01",
    headers: [...az, "Content-Length: 0"],
    status: 404,
    answer: { errorCode: 404202, message: expect.any(String) },
  },
  {
    client: ".NET",
    does: "creates from a certificate: PEM in one line, members that are null",
    method: "PUT",
    target: "/enrollments/x?api-version=2019-03-31",
    headers: [...net, netBody],
    body: '{"registrationId":"x","attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"{pem}","info":null},"secondary":null},"signingCertificates":null,"caReferences":null}},"provisioningStatus":"enabled"}',
    status: 200,
    answer: { attestation: { x509: { clientCertificates: { primary: { info: { version: 3 } } } } } },
  },
  {
    client: ".NET",
    does: "sends back a symmetric key as it was read: empty texts, the etag in quotes",
    existing: "symmetricKey",
    method: "PUT",
    target: "/enrollments/x?api-version=2019-03-31",
    headers: [...net, "If-Match: {etag}", netBody],
    body: '{"registrationId":"x","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"","secondaryKey":""}},"initialTwin":{"tags":{"site":"north","$version":4,"$metadata":{"$lastUpdated":"2026-11-22T09:15:03Z"}}},"provisioningStatus":"enabled","createdDateTimeUtc":"2026-11-22T09:15:02.0000000Z","etag":"\\"{bare}\\"","capabilities":{"iotEdge":false}}',
    status: 200,
    answer: { initialTwin: { tags: { site: "north" } } },
    keepsKeys: true,
  },
  {
    client: ".NET",
    does: "sends back a certificate as it was read: null and its info",
    existing: "x509",
    method: "PUT",
    target: "/enrollments/x?api-version=2019-03-31",
    headers: [...net, "If-Match: {etag}", netBody],
    body: '{"registrationId":"x","attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":null,"info":{info}},"secondary":{"certificate":null,"info":{info}}}}}}',
    status: 200,
    answer: { attestation: { x509: { clientCertificates: { primary: { info: { version: 3 } } } } } },
  },
  {
    client: ".NET",
    does: "puts quotes around a star",
    existing: "symmetricKey",
    method: "DELETE",
    target: "/enrollments/x?api-version=2019-03-31",
    headers: [...net, 'If-Match: "*"'],
    status: 204,
  },
  {
    client: ".NET",
    does: "creates over what is there, its own etag left out, and changes nothing",
    existing: "symmetricKey",
    method: "PUT",
    target: "/enrollments/x?api-version=2019-03-31",
    headers: [...net, netBody],
    body: '{"registrationId":"x","attestation":{"type":"symmetricKey","symmetricKey":null},"capabilities":{"iotEdge":false}}',
    status: 409,
    answer: { errorCode: 409201 },
    keepsKeys: true,
    changesNothing: true,
  },
  {
    client: ".NET",
    does: "asks with an empty query",
    existing: "symmetricKey",
    method: "POST",
    target: "/enrollments/query?api-version=2019-03-31",
    headers: [...net, netBody],
    body: '{"query":""}',
    status: 200,
    answer: [{ registrationId: "x" }],
    answerHeaders: { "x-ms-item-type": "Enrollment" },
  },
  {
    client: ".NET",
    does: "asks for a page as large as an int",
    existing: "symmetricKey",
    method: "POST",
    target: "/enrollments/query?api-version=2019-03-31",
    headers: [...net, "x-ms-max-item-count: 2147483647", netBody],
    body: '{"query":"SELECT * FROM enrollments"}',
    status: 200,
    answer: [{ registrationId: "x" }],
    answerHeaders: { "x-ms-item-type": "Enrollment", "x-ms-max-item-count": "1000" },
  },
  {
    client: "C",
    does: "creates with a certificate as in its sample: base64 of PEM",
    method: "PUT",
    target: "/enrollments/x?api-version=2018-04-01",
    headers: c,
    body: '{"capabilities":{"iotEdge":false},"registrationId":"x","attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"{pem64}"}}}},"provisioningStatus":"enabled"}',
    status: 200,
    // To read the answer, it needs provisioningStatus and a known attestation.
    answer: { registrationId: "x", provisioningStatus: "enabled", attestation: { type: "x509" } },
  },
  {
    client: "C",
    does: "updates with the etag of the body as If-Match",
    existing: "symmetricKey",
    method: "PUT",
    target: "/enrollments/x?api-version=2018-04-01",
    headers: [...c, "If-Match: {etag}"],
    body: '{"registrationId":"x","attestation":{"type":"symmetricKey"},"etag":"\\"{bare}\\"","provisioningStatus":"disabled"}',
    status: 200,
    answer: { provisioningStatus: "disabled" },
    keepsKeys: true,
  },
  {
    client: "C",
    does: "deletes without a content type",
    existing: "symmetricKey",
    method: "DELETE",
    target: "/enrollments/x?api-version=2018-04-01",
    headers: c.filter((line) => !line.startsWith("Content-Type")),
    status: 204,
  },
];
