/** One kind of content that users give where a certificate or a key belongs: a row of the table. */
export interface MaterialRow {
  /** As messages call it, behind "it is". */
  readonly name: string;
  /** Labels of its PEM blocks (RFC 7468, and what OpenSSL, PuTTY and ssh-keygen write). */
  readonly labels?: readonly string[];
  /** Its outline in DER, as `outlineOf` gives it. */
  readonly outline?: RegExp;
  /** How its bytes begin (hex) where an encoder used indefinite lengths, which are not DER. */
  readonly head?: RegExp;
  /** How it is written where it is text without PEM blocks. */
  readonly text?: RegExp;
  /** A command that gives a certificate from `<file>`, or that says what to ask for where nothing can be converted. */
  readonly certificate?: Command;
  /** A command that gives a private key from `<file>`. */
  readonly key?: Command;
}

interface Command {
  /** With `<file>` for the file, and `<form>` for `-inform DER` where the file is not PEM. */
  readonly line: string;
  /** The effect of the command, as messages state it after "This command". */
  readonly does: string;
}

const converts: Pick<Command, "does"> = { does: "converts it" };
const issue = { does: "issues a certificate for it" };
const signed = "-CA ca.pem -CAkey ca.key.pem -days 365 -out certificate.pem";
const selfSigned: Command = {
  line: 'openssl req <form> -new -x509 -key <file> -subj "/CN=device-1" -days 365 -out certificate.pem',
  does: "makes a self-signed certificate for this key",
};
const plainKey: Command = { line: "openssl pkey <form> -in <file> -out key.pem", ...converts };

/** The order is that of recognition: the first row that fits is what it is. */
const materials = {
  certificate: {
    name: "a certificate",
    labels: ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"],
    outline: /^30\((a0 )?02 30 30 30 30 30\b.*\) 30 03$/,
    key: {
      line: "openssl x509 <form> -in <file> -noout -pubkey",
      does: "shows the public key whose private key belongs here",
    },
  },
  certificateRequest: {
    name: "a certificate request (CSR)",
    labels: ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"],
    outline: /^30\(02 30 30( a0)?\) 30 03$/,
    certificate: { line: `openssl x509 -req <form> -in <file> ${signed}`, ...issue },
  },
  crl: {
    name: "a revocation list (CRL)",
    labels: ["X509 CRL"],
    outline: /^30\((02 )?30 30 1[78]\b.*\) 30 03$/,
    certificate: {
      line: "openssl crl <form> -in <file> -noout -issuer",
      does: "names the CA whose certificate is meant",
    },
  },
  pkcs7: {
    name: "a PKCS#7 bundle (.p7b, .p7c)",
    labels: ["PKCS7", "PKCS #7 SIGNED DATA", "CMS"],
    outline: /^06 a0$/,
    head: /^3080060[89]2a864886f70d0107/,
    certificate: { line: "openssl pkcs7 <form> -in <file> -print_certs -out certificate.pem", ...converts },
  },
  pkcs12: {
    name: "a PKCS#12 bundle (.p12, .pfx)",
    labels: ["PKCS12"],
    outline: /^02 30( 30)?$/,
    head: /^3080020103/,
    certificate: { line: "openssl pkcs12 -in <file> -nokeys -out certificate.pem", ...converts },
    key: { line: "openssl pkcs12 -in <file> -nocerts -nodes -out key.pem", ...converts },
  },
  encryptedKey: {
    name: "an encrypted private key",
    labels: ["ENCRYPTED PRIVATE KEY"],
    outline: /^30\(06 30\) 04$/,
    certificate: selfSigned,
    key: plainKey,
  },
  privateKey: {
    name: "a private key",
    labels: ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"],
    outline: /^(02 30 04( a0)?( [a8]1)?|02 04( a0)?( a1)?|02( 02){5}|02( 02){8})$/,
    certificate: selfSigned,
  },
  publicKey: {
    name: "a public key",
    labels: ["PUBLIC KEY", "RSA PUBLIC KEY"],
    outline: /^(30\(06( [0-9a-f]{2})?\) 03|02 02)$/,
    certificate: {
      line: `openssl x509 -new -force_pubkey <file> -subj "/CN=device-1" ${signed}`,
      ...issue,
    },
  },
  parameters: { name: "parameters of a key", labels: ["EC PARAMETERS", "DH PARAMETERS", "DSA PARAMETERS"] },
  sshPrivateKey: {
    name: "an SSH private key",
    labels: ["OPENSSH PRIVATE KEY", "SSH2 ENCRYPTED PRIVATE KEY"],
    key: { line: "ssh-keygen -p -m PEM -f <file>", does: "rewrites it as PEM, in place" },
  },
  puttyKey: {
    name: "a PuTTY key",
    text: /^PuTTY-User-Key-File-\d/,
    key: { line: "puttygen <file> -O private-openssh -o key.pem", ...converts },
  },
  sshPublicKey: {
    name: "an SSH public key",
    labels: ["SSH2 PUBLIC KEY"],
    text: /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+) AAAA/,
    certificate: {
      line: "ssh-keygen -l -f <file>",
      does: "shows its fingerprint; a certificate (X.509) is another thing",
    },
  },
  pgp: { name: "an OpenPGP key or message", labels: ["PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK", "PGP MESSAGE"] },
  thumbprint: { name: "a thumbprint", text: /^([0-9a-f]{2}:?){19}([0-9a-f]{2}:?){0,12}[0-9a-f]{2}$/i },
  json: { name: "JSON", text: /^[{[][\s\S]*[}\]]$/ },
  html: { name: "a web page (HTML)", text: /^<(!doctype|html|\?xml)/i },
  archive: { name: "an archive (ZIP)", head: /^504b0304/ },
  keyStore: {
    name: "a Java key store (JKS)",
    head: /^(feedfeed|cececece)/,
    certificate: {
      line: "keytool -importkeystore -srckeystore <file> -destkeystore store.p12 -deststoretype PKCS12",
      does: "makes a PKCS#12 bundle of it",
    },
  },
} as const satisfies Record<string, MaterialRow>;

export type MaterialKind = keyof typeof materials;

/** The table, its rows as the general shape. */
export const materialRows: Readonly<Record<MaterialKind, MaterialRow>> = materials;

export const materialKinds = Object.keys(materials) as readonly MaterialKind[];

/** A command of a row. `form`: whether the file is binary. */
export function commandLine({ line }: Command, form: "pem" | "der"): string {
  return line.replace("<form> ", form === "der" ? "-inform DER " : "");
}
