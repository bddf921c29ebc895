import type { FindingRow } from "./findings.js";

/**
 * Every reason why a registration fails or is odd: one row each, likely root causes first. `cause` numbers the 25 known
 * causes that public issue threads of the SDKs show.
 */
export const findingRows = {
  // — the request itself —
  "protocol.userNameMalformed": {
    element: "request", severity: "error", blame: "protocol", wire: "badRequest", connack: 4,
    title: "The MQTT user name cannot be read: {reason}.",
    remedy: "Send {idScope}/registrations/{registrationId}/api-version=2019-03-31 to be provisioned, or {hub}/{deviceId}/?api-version=2021-04-12 to reach a hub.",
  },
  "protocol.clientIdMismatch": {
    element: "request", severity: "error", blame: "protocol", wire: "unauthorized", connack: 2,
    title: "The MQTT client id is not the registration id of the user name.",
    remedy: "Use the registration id as client id.",
  },
  "protocol.apiVersionMissing": {
    cause: 24, element: "request", severity: "error", blame: "protocol", wire: "badRequest", connack: 4,
    title: "The request names no api-version.",
    remedy: "Add api-version=2019-03-31.",
  },
  "protocol.apiVersionMalformed": {
    cause: 24, element: "request", severity: "error", blame: "protocol", wire: "badRequest", connack: 4,
    title: "The api-version is not a date like 2019-03-31 or 2025-07-01-preview.",
    remedy: "Send api-version=2019-03-31.",
  },
  "idScope.mismatch": {
    cause: 15, element: "idScope", severity: "error", blame: "device", wire: "unauthorized",
    title: "The device used ID scope {got}; this service is {expected}.",
    remedy: "Set the ID scope of the device to {expected} (`rollcall info` prints it).",
  },
  "id.illegal": {
    cause: 6, element: "request", severity: "error", blame: "device", wire: "invalidRegistrationId",
    title: "The registration id is not allowed: {reason}.",
    remedy: "Use 1 to 128 of A–Z a–z 0–9 - . _ : and end with a letter, a digit or a hyphen. A certificate's common name holds 64.",
  },
  "protocol.bodyMalformed": {
    element: "request", severity: "error", blame: "protocol", wire: "badRequest",
    title: "The body of the request cannot be read: {reason}.",
    remedy: "Send the JSON of a DeviceRegistration, or (over MQTT) nothing at all.",
  },
  "protocol.payloadTooLarge": {
    element: "request", severity: "error", blame: "protocol", wire: "payloadTooLarge",
    title: "The message has {bytes} bytes; 98304 are allowed.",
    remedy: "Send a smaller payload.",
  },
  "protocol.bodyIdMismatch": {
    cause: 5, element: "request", severity: "error", blame: "device", wire: "badRequest",
    title: "The body is about another registration id than the connection.",
    remedy: "Send the same registration id in both places, or leave it out of the body.",
  },
  "protocol.csrNeedsPreview": {
    cause: 24, element: "request", severity: "error", blame: "protocol", wire: "badRequest",
    title: "The request carries a csr, but certificate issuance needs api-version 2025-07-01-preview or later; {apiVersion} was sent.",
    remedy: "Leave csr out. Rollcall issues no certificates to devices yet, whatever the version.",
  },
  "protocol.csrUnsupported": {
    cause: 24, element: "request", severity: "error", blame: "service", wire: "badRequest",
    title: "The request carries a csr, but Rollcall does not issue certificates to devices yet.",
    remedy: "Leave csr out.",
  },
  "protocol.topicUnknown": {
    cause: 21, element: "request", severity: "error", blame: "protocol",
    title: "The device published to a topic that the service does not have: {topic}. The connection was closed.",
    remedy: "Publish only to $dps/registrations/PUT/iotdps-register/?$rid=… and $dps/registrations/GET/iotdps-get-operationstatus/?$rid=…&operationId=….",
  },
  "protocol.qosUnsupported": {
    cause: 21, element: "request", severity: "error", blame: "protocol",
    title: "The device published at QoS 2, which the service does not offer. The connection was closed.",
    remedy: "Publish at QoS 0 or 1.",
  },
  "protocol.subscriptionUnknown": {
    cause: 21, element: "request", severity: "warning", blame: "protocol",
    title: "The subscription to {topic} was refused.",
    remedy: "Subscribe to $dps/registrations/res/#.",
  },
  "protocol.notSubscribed": {
    cause: 21, element: "request", severity: "warning", blame: "protocol",
    title: "A reply was made for $rid={rid}, but the device was not subscribed to $dps/registrations/res/#.",
    remedy: "Subscribe before you publish, and wait for the SUBACK.",
  },
  "operation.unknown": {
    element: "request", severity: "error", blame: "protocol", wire: "operationNotFound",
    title: "No operation {operationId} is known for this registration.",
    remedy: "Poll with the operationId of the last register reply; operations are kept for an hour. Register again.",
  },
  "registration.none": {
    element: "request", severity: "error", blame: "protocol", wire: "enrollmentNotFound",
    title: "This device has not registered yet.",
    remedy: "Register first.",
  },
  "registration.throttled": {
    cause: 17, element: "service", severity: "error", blame: "service", wire: "throttled",
    title: "{count} registrations came in this minute; limits.registrationsPerMinute allows {limit}.",
    remedy: "Wait for retry-after seconds, with some jitter, or raise limits.registrationsPerMinute.",
  },
  // — the enrollment —
  "enrollment.disabled": {
    cause: 16, element: "enrollment", severity: "error", blame: "enrollment", wire: "unauthorized",
    title: "The individual enrollment {id} is disabled, and it decides alone: no group is asked.",
    remedy: "Enable the enrollment: set provisioningStatus of {id} to enabled.",
  },
  "enrollment.leafBlocked": {
    cause: 16, element: "leaf", severity: "error", blame: "enrollment", wire: "unauthorized",
    title: "This certificate belongs to the individual enrollment {id}, which is disabled; that blocks it under every registration id.",
    remedy: "Enable or delete the individual enrollment {id}.",
  },
  "group.disabled": {
    cause: 16, element: "enrollment", severity: "error", blame: "enrollment", wire: "unauthorized",
    title: "The enrollment group {id} is disabled.",
    remedy: "Enable the enrollment group: set provisioningStatus of {id} to enabled.",
  },
  "enrollment.attestationMismatch": {
    element: "enrollment", severity: "error", blame: "device", wire: "unauthorized",
    title: "The enrollment {id} wants {expected}; the device came with {got}.",
    remedy: "Let the device use {expected}, or enroll it with {got}.",
  },
  "enrollment.thumbprintIsSha1": {
    cause: 22, element: "enrollment", severity: "error", blame: "enrollment", wire: "invalidCertificate",
    title: "The enrollment {id} holds a thumbprint of 40 hex digits: that is SHA-1; the field takes SHA-256 (64 digits).",
    remedy: "Enroll the certificate itself, or its SHA-256: openssl x509 -in leaf.pem -noout -fingerprint -sha256",
  },
  "enrollment.holdsOtherCertificate": {
    cause: 22, element: "enrollment", severity: "error", blame: "enrollment", wire: "invalidCertificate",
    title: "The enrollment {id} holds the certificate {subject}, which the device sent too, but as {place}: the leaf is what must be enrolled.",
    remedy: "Put the leaf certificate ({leaf}) into the enrollment.",
  },
  // — credentials —
  "credential.missing": {
    element: "connection", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The device showed neither a client certificate nor a token.",
    remedy: "Give the device its certificate and key, or its symmetric key. A TPM registers over HTTPS, or over MQTT where the extension is on.",
  },
  "certificate.missing": {
    element: "leaf", severity: "error", blame: "device", wire: "unauthorized",
    title: "The device presented no client certificate in the TLS handshake.",
    remedy: "Set certificate chain and key of the TLS client.",
  },
  "certificate.malformed": {
    element: "leaf", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A presented certificate cannot be read: {reason}.",
    remedy: "Look at it with: openssl x509 -text -in leaf.pem",
  },
  "chain.tooLong": {
    element: "chain", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "The device presented {count} certificates; {limit} are looked at.",
    remedy: "Send the leaf and the intermediates up to the enrolled certificate, nothing more.",
  },
  "leaf.expired": {
    cause: 25, element: "leaf", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "The leaf certificate has expired.",
    remedy: "Issue a new certificate: rollcall pki leaf",
  },
  "leaf.notYetValid": {
    cause: 9, element: "leaf", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "The leaf certificate is not valid yet.",
    remedy: "Check the clock of the machine that issued it, and this one's.",
  },
  "ca.expired": {
    cause: 25, element: "intermediate", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A CA certificate of the chain has expired.",
    remedy: "Renew the CA certificate with the same key, and send the new one.",
  },
  "ca.notYetValid": {
    cause: 9, element: "intermediate", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A CA certificate of the chain is not valid yet.",
    remedy: "Check the clock of the machine that issued it, and this one's.",
  },
  "ca.notAuthority": {
    element: "intermediate", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A certificate that issued another one is not a CA (basicConstraints).",
    remedy: "Issue it again with CA:TRUE: rollcall pki chain",
  },
  "ca.mayNotSign": {
    element: "intermediate", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A CA certificate may not sign certificates (its keyUsage lacks keyCertSign).",
    remedy: "Issue it again with keyCertSign: rollcall pki chain",
  },
  "ca.pathLengthExceeded": {
    element: "intermediate", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "There are more CA certificates below this one than its path length allows.",
    remedy: "Issue the CA again with a larger path length, or take a level out.",
  },
  "link.signatureInvalid": {
    element: "chain", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A certificate carries the name of its issuer, but was signed with another key.",
    remedy: "Was the CA made anew with the same name? Issue the certificate again with the CA that is enrolled.",
  },
  "certificate.weakSignature": {
    element: "chain", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A certificate is signed with an algorithm that is no longer safe.",
    remedy: "Issue it again with SHA-256 or better.",
  },
  "certificate.unknownCriticalExtension": {
    element: "chain", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "A certificate has a critical extension that is not understood.",
    remedy: "Issue it again without the extension, or not critical.",
  },
  "leaf.notForClients": {
    element: "leaf", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "The leaf certificate may not be used by a TLS client (its extendedKeyUsage lacks clientAuth, or its keyUsage lacks digitalSignature).",
    remedy: "Issue it again with clientAuth: rollcall pki leaf",
  },
  "leaf.commonNameMismatch": {
    cause: 5, element: "leaf", severity: "error", blame: "device", wire: "unauthorized",
    title: "The registration id is {registrationId}, the common name of the certificate is {commonName}: {difference}.",
    remedy: "Register as {commonName}, or issue a certificate for CN={registrationId}: rollcall pki leaf --cn {registrationId}",
  },
  "leaf.commonNameMissing": {
    cause: 6, element: "leaf", severity: "error", blame: "pki", wire: "invalidCertificate",
    title: "The leaf certificate has no common name.",
    remedy: "Issue a certificate whose common name is the registration id: rollcall pki leaf --cn {registrationId}",
  },
  "leaf.thumbprintMismatch": {
    cause: 4, element: "leaf", severity: "error", blame: "device", wire: "invalidCertificate",
    title: "The certificate is not the one enrolled as {id}. Same public key: {sameKey}. Same subject: {sameSubject}. {hint}",
    remedy: "Enroll the certificate that the device has now, or give the device the enrolled one back.",
  },
  "chain.issuerMissing": {
    cause: 1, element: "intermediate", severity: "error", blame: "device", wire: "caNotFound",
    title: "The device sent {count} of its certificates, up to {last}, issued by {issuer}. That issuer was not sent and no enrollment group carries it.",
    remedy: "Add the certificate of {issuer} to the device's chain file, leaf first: cat leaf.pem intermediate.pem > chain.pem",
  },
  "chain.untrusted": {
    cause: 3, element: "root", severity: "error", blame: "enrollment", wire: "caNotFound",
    title: "The chain is complete up to {last}, but no enrollment group carries any certificate of it.",
    remedy: "Enroll {last} or an intermediate of this chain as signing certificate of a group, or use the chain that is enrolled.",
  },
  "chain.reordered": {
    element: "chain", severity: "warning", blame: "device",
    title: "The certificates were not sent in order, leaf first, each followed by its issuer.",
    remedy: "Write the chain file in that order: other servers refuse this one.",
  },
  "chain.unused": {
    element: "chain", severity: "warning", blame: "device",
    title: "The device sent certificates that are not part of its chain: {subjects}.",
    remedy: "Take them out of the chain file.",
  },
  "token.malformed": {
    cause: 8, element: "token", severity: "error", blame: "device", wire: "unauthorized", connack: 4,
    title: "The token cannot be read: {reason}.",
    remedy: "Send SharedAccessSignature sr={scope}/registrations/{id}&sig=…&se=…&skn=registration.",
  },
  "token.expiryInMilliseconds": {
    cause: 8, element: "token", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token's se looks like milliseconds; it is seconds since 1970.",
    remedy: "Divide se by 1000, and sign again.",
  },
  "token.resourceMismatch": {
    cause: 8, element: "token", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token is for another resource than the one asked for.",
    remedy: "Sign a token whose sr is {expected}.",
  },
  "key.groupKeyUsedRaw": {
    cause: 7, element: "key", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token verifies with the key of the enrollment group {id} itself.",
    remedy: "Derive the device's key first: HMAC-SHA256(group key, registration id): rollcall device register --ck does it.",
  },
  "key.derivedTwice": {
    cause: 7, element: "key", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token verifies with a key that was derived twice from the group key of {id}.",
    remedy: "The device already has its derived key: do not derive it again.",
  },
  "key.derivedFromOtherText": {
    cause: 7, element: "key", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token verifies with a key that was derived from {derivedFrom}, not from the registration id, with the group key of {id}.",
    remedy: "Derive the key from {registrationId}, letter for letter.",
  },
  "key.textNotDecoded": {
    cause: 7, element: "key", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token verifies with the base64 text of the key of {id} taken as bytes.",
    remedy: "Decode the key from base64 before signing with it.",
  },
  "key.derivedFromIndividual": {
    cause: 7, element: "key", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token verifies with a key derived from the key of the individual enrollment {id}.",
    remedy: "An individual enrollment's key is used as it is: derive nothing.",
  },
  "key.signatureMismatch": {
    cause: 7, element: "key", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token was not signed with the primary or the secondary key of {id}, nor by any wrong recipe that is known.",
    remedy: "Give the device the key of its enrollment; for a group: rollcall env {registrationId} prints the derived one.",
    follows: ["key.groupKeyUsedRaw", "key.derivedTwice", "key.derivedFromOtherText", "key.textNotDecoded", "key.derivedFromIndividual"],
  },
  "token.expired": {
    cause: 8, element: "token", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token expired {ago} ago.",
    remedy: "Sign a new token. If it is new: the clock of the device is slow.",
  },
  "token.policyNameUnexpected": {
    cause: 8, element: "token", severity: "warning", blame: "device",
    title: "The token's skn is {got}; devices send registration or none.",
    remedy: "Send skn=registration.",
  },
  // — TPM —
  "tpm.bodyMissing": {
    element: "endorsementKey", severity: "error", blame: "device", wire: "unauthorized",
    title: "The enrollment {id} wants a TPM, but the request carries no tpm.endorsementKey.",
    remedy: "Send endorsementKey and storageRootKey.",
  },
  "tpm.endorsementKeyEnrolledElsewhere": {
    cause: 10, element: "endorsementKey", severity: "error", blame: "device", wire: "invalidEndorsementKey",
    title: "The endorsement key belongs to registration {owner}, not to {id}: swapped boards?",
    remedy: "Register this TPM as {owner}, or put its endorsement key into the enrollment {id}.",
  },
  "tpm.endorsementKeyInvalid": {
    cause: 10, element: "endorsementKey", severity: "error", blame: "device", wire: "invalidEndorsementKey",
    title: "The endorsement key is not one: {problems}.",
    remedy: "Send the base64 of the TPM2B_PUBLIC that TPM2_ReadPublic gives for 0x81010001.",
  },
  "tpm.endorsementKeyMismatch": {
    cause: 10, element: "endorsementKey", severity: "error", blame: "device", wire: "invalidEndorsementKey",
    title: "The endorsement key is not the one enrolled as {id}. {hint}",
    remedy: "Put the endorsement key of this TPM into the enrollment: its base64 is in the device's request.",
    follows: ["tpm.endorsementKeyInvalid"],
  },
  "tpm.storageRootKeyInvalid": {
    cause: 10, element: "storageRootKey", severity: "error", blame: "device", wire: "badRequest",
    title: "The storage root key is missing or not one: {problems}.",
    remedy: "Send the base64 of the TPM2B_PUBLIC that TPM2_ReadPublic gives for 0x81000001.",
  },
  "tpm.wrongChallengeKey": {
    cause: 11, element: "challenge", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token was not signed with the key that the challenge carried.",
    remedy: "Activate the authenticationKey of the last 401 and sign with it. Storage root key changed, TPM cleared, or an older challenge answered?",
  },
  "tpm.challengeExpired": {
    cause: 11, element: "challenge", severity: "error", blame: "device", wire: "unauthorized", connack: 5,
    title: "The token answers a challenge that is no longer known, or was never given.",
    remedy: "Register again without a token: the 401 carries a new challenge, good for five minutes.",
  },
  "tpm.notOverMqtt": {
    element: "connection", severity: "error", blame: "service", wire: "unauthorized", connack: 5,
    title: "TPM attestation over MQTT is an extension of Rollcall, and it is off for this listener.",
    remedy: "Register over HTTPS, or set tpmOverMqtt: true in rollcall.yaml.",
  },
  "tpm.challengeIssued": {
    cause: 11, element: "challenge", severity: "info", blame: "device",
    title: "This 401 is step 1 of 2: the challenge was issued; the device has to activate it and register again with a token. No second request has come yet.",
    remedy: "Nothing to mend here. If the device stops at this point, it takes the 401 for a refusal, or its TPM could not activate the key.",
  },
  // — no enrollment —
  "enrollment.notFound": {
    cause: 15, element: "enrollment", severity: "error", blame: "enrollment", wire: "unauthorized",
    title: "There is no individual enrollment {id}, and no enrollment group takes this device.",
    remedy: "Enroll it: add {id} to the enrollments, or use the id that is enrolled.",
    follows: [
      "key.groupKeyUsedRaw", "key.derivedTwice", "key.derivedFromOtherText", "key.textNotDecoded", "key.derivedFromIndividual",
      "chain.issuerMissing", "chain.untrusted", "group.disabled",
    ],
  },
  "enrollment.notFoundForTpm": {
    cause: 15, element: "enrollment", severity: "error", blame: "enrollment", wire: "enrollmentNotFound",
    title: "There is no individual enrollment {id}; a TPM has no groups.",
    remedy: "Enroll it with the endorsement key of the device's TPM.",
  },
  // — allocation and hub —
  "hub.noneLinked": {
    cause: 13, element: "hub", severity: "error", blame: "hub", wire: "hubNotSpecified",
    title: "Your device is fine: no hub is linked that it could be assigned to.",
    remedy: "Add a hub under hubs: in rollcall.yaml.",
  },
  "hub.notLinked": {
    cause: 13, element: "hub", severity: "error", blame: "enrollment", wire: "hubNotSpecified",
    title: "Your device is fine: the enrollment lists {enrolled}; linked hubs: {linked}. Nothing to allocate.",
    remedy: "Link the hub in rollcall.yaml, or name a linked one in the enrollment.",
  },
  "allocation.staticNeedsOneHub": {
    cause: 13, element: "enrollment", severity: "error", blame: "enrollment", wire: "hubNotSpecified",
    title: "Your device is fine: allocation static needs exactly one hub; the enrollment {id} names {count}.",
    remedy: "Name one linked hub in iotHubs: {linked}.",
  },
  "allocation.unsupported": {
    cause: 14, element: "webhook", severity: "error", blame: "service", wire: "customAllocationFailed",
    title: "Your device is fine: allocation {policy} is not offered yet.",
    remedy: "Use hashed or static.",
  },
  "hub.otherHub": {
    cause: 20, element: "hub", severity: "error", blame: "device", connack: 5,
    title: "The device came for the hub {got}; the hubs here are {expected}.",
    remedy: "Use the assignedHub of the registration, letter for letter.",
  },
  "hub.unknownDevice": {
    cause: 20, element: "hub", severity: "error", blame: "device", connack: 5,
    title: "The hub {hub} has no device {deviceId}.",
    remedy: "Register first, and use the assignedHub and the deviceId of the result (device ids are case-sensitive). An in-memory service forgets its devices when it stops.",
  },
  "hub.deviceDisabled": {
    cause: 20, element: "hub", severity: "error", blame: "hub", connack: 5,
    title: "The device {deviceId} is disabled at the hub.",
    remedy: "Enable it.",
  },
  "hub.modulesUnsupported": {
    cause: 20, element: "hub", severity: "error", blame: "service", connack: 5,
    title: "The client id has a module suffix ({moduleId}); modules are not offered.",
    remedy: "Connect as the device itself.",
  },
  "hub.credentialMismatch": {
    cause: 20, element: "hub", severity: "error", blame: "device", connack: 5,
    title: "The hub knows the device, but not this credential: {reason}.",
    remedy: "Connect with the credential that the device registered with (for a TPM: the key of the registration result).",
  },
  // — the connection —
  "tls.clientLeft": {
    cause: 19, element: "connection", severity: "error", blame: "device",
    title: "The client ended the TLS handshake: {reason}.",
    remedy: "If it says unknown ca: the device does not trust this service. rollcall info names the CA file to give it.",
  },
  "service.internal": {
    element: "service", severity: "error", blame: "service", wire: "internal",
    title: "Rollcall failed; this is a fault of ours.",
    remedy: "Look into the log of the service for {trackingId}, and report it.",
  },
  "protocol.apiVersionNewer": {
    cause: 24, element: "request", severity: "warning", blame: "protocol",
    title: "The api-version {got} is newer than this service knows; it is served as {served}.",
    remedy: "Nothing to do, unless an answer looks wrong.",
  },
  "enrollment.nearby": {
    cause: 15, element: "enrollment", severity: "info", blame: "enrollment",
    title: "A similar id is enrolled: {nearest}.",
    remedy: "Did you mean {nearest}?",
  },
} as const satisfies Record<string, FindingRow>;
