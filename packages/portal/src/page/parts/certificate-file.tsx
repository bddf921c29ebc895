import { useId, useRef, useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.js";
import { type CertificateReading, inspectCertificate } from "../api/operator.js";
import { certificateText, sizeFault } from "../model/certificate-text.js";
import { unusableFile } from "../model/draft.js";
import { sentenceOf } from "../model/words.js";
import { Facts, Fingerprint, Time } from "./bits.js";
import { Fault } from "./field.js";

type Wanted = "leaf" | "ca" | "any";

/** The reason why a readable certificate is unsuitable here; undefined when it is suitable. */
function unfit(reading: CertificateReading, wanted: Wanted): string | undefined {
  const subject = reading.subjectName ?? "this certificate";
  if (wanted === "ca" && reading.isCa === false) {
    return `This is a leaf certificate: ${subject} is not a CA certificate according to its basicConstraints, so it cannot sign device certificates. Choose the root or intermediate certificate that signs the devices' certificates.`;
  }
  return undefined;
}

/** The result of reading a chosen file. */
interface Outcome {
  readonly text?: string;
  readonly reading?: CertificateReading;
  readonly refusal?: string;
}

async function readFile(file: File, wanted: Wanted): Promise<Outcome> {
  const wrongSize = sizeFault(file.size);
  if (wrongSize !== undefined) return { refusal: wrongSize };
  try {
    const text = certificateText(new Uint8Array(await file.arrayBuffer()));
    const reading = await inspectCertificate(text);
    const refusal = unfit(reading, wanted);
    return refusal === undefined ? { text, reading } : { reading, refusal };
  } catch (error) {
    return { refusal: error instanceof ApiError ? sentenceOf(error.message, "certificate") : messageOf(error) };
  }
}

/** Chooses a certificate file, shows its facts at once, and passes on only a suitable certificate. */
export function CertificateFile(props: {
  readonly label: string;
  readonly hint: string;
  readonly wanted: Wanted;
  readonly fault?: string | undefined;
  /**
   * Called with the certificate's text: empty without a file, `unusableFile` for a file that is unsuitable or not read
   * yet.
   */
  readonly onChange: (text: string, reading?: CertificateReading) => void;
}) {
  const { label, hint, wanted } = props;
  const id = useId();
  const [{ reading, refusal }, setOutcome] = useState<Outcome>({});
  const turn = useRef(0);
  // The user may type while the file is read, so the latest onChange is called.
  const tell = useRef(props.onChange);
  tell.current = props.onChange;
  const choose = async (file: File | undefined) => {
    turn.current += 1;
    const mine = turn.current;
    setOutcome({});
    tell.current(file ? unusableFile : "");
    if (!file) return;
    const outcome = await readFile(file, wanted);
    // The user chose another file meanwhile.
    if (mine !== turn.current) return;
    setOutcome(outcome);
    if (outcome.text !== undefined) tell.current(outcome.text, outcome.reading);
  };
  const fault = refusal ?? props.fault;
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <input
        type="file"
        id={id}
        accept=".pem,.cer,.crt,.der"
        aria-describedby={fault ? `${id}-hint ${id}-fault` : `${id}-hint`}
        aria-invalid={fault ? true : undefined}
        onChange={(event) => void choose(event.currentTarget.files?.[0])}
      />
      <div aria-live="polite">
        <Fault id={id} text={fault} />
        {reading && wanted === "leaf" && reading.isCa && (
          <p class="hint">
            This is a CA certificate, but the device's own certificate belongs here: check that the device sends this
            one.
          </p>
        )}
        {reading && <CertificateFacts reading={reading} />}
      </div>
    </div>
  );
}

/** The facts of a certificate, for the user. */
export function CertificateFacts({ reading }: { readonly reading: Partial<CertificateReading> }) {
  const { sha1Thumbprint, sha256Thumbprint } = reading;
  const kind = reading.isCa === undefined ? undefined : reading.isCa ? "CA certificate" : "leaf certificate";
  const expired = reading.notAfterUtc !== undefined && Date.parse(reading.notAfterUtc) < Date.now();
  const early = reading.notBeforeUtc !== undefined && Date.parse(reading.notBeforeUtc) > Date.now();
  return (
    <div class="reading">
      <Facts
        rows={[
          ["Subject", reading.subjectName],
          ["Issuer", reading.isSelfSigned ? `${reading.issuerName ?? ""} (self-signed)` : reading.issuerName],
          ["Kind", kind],
          ["Key", reading.keyAlgorithm],
          [
            "Valid from",
            reading.notBeforeUtc && (
              <>
                <Time at={reading.notBeforeUtc} />
                {early && <strong class="fault-inline"> (not yet valid)</strong>}
              </>
            ),
          ],
          [
            "Valid until",
            reading.notAfterUtc && (
              <>
                <Time at={reading.notAfterUtc} />
                {expired && <strong class="fault-inline"> (expired)</strong>}
              </>
            ),
          ],
          ["Serial number", reading.serialNumber && <code>{reading.serialNumber}</code>],
          ["SHA-1", sha1Thumbprint && <Fingerprint hex={sha1Thumbprint} />],
          ["SHA-256", sha256Thumbprint && <Fingerprint hex={sha256Thumbprint} />],
        ]}
      />
    </div>
  );
}
