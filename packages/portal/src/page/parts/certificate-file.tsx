import { useId, useRef, useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.js";
import { type CertificateReading, inspectCertificate } from "../api/operator.js";
import { certificateText } from "../model/certificate-text.js";
import { Facts, Fingerprint, Time } from "./bits.js";
import { Fault } from "./field.js";

type Wanted = "leaf" | "ca" | "any";

/** Why a certificate that can be read is still not the one that is wanted here. */
function unfit(reading: CertificateReading, wanted: Wanted): string | undefined {
  const subject = reading.subjectName ?? "this certificate";
  if (wanted === "ca" && reading.isCa === false) {
    return `This is a leaf certificate: ${subject} is no CA (its basicConstraints do not say so), so it can sign no device. Choose the root or intermediate certificate that signs the devices' certificates.`;
  }
  return undefined;
}

/** Chooses a certificate file, shows at once what was read from it, and hands on only what fits. */
export function CertificateFile(props: {
  readonly label: string;
  readonly hint: string;
  readonly wanted: Wanted;
  readonly fault?: string | undefined;
  /** The certificate's text, or an empty one while there is none that fits. */
  readonly onChange: (text: string, reading?: CertificateReading) => void;
}) {
  const { label, hint, wanted, onChange } = props;
  const id = useId();
  const [reading, setReading] = useState<CertificateReading | undefined>();
  const [refusal, setRefusal] = useState<string | undefined>();
  const turn = useRef(0);
  const choose = async (file: File | undefined) => {
    turn.current += 1;
    const mine = turn.current;
    setReading(undefined);
    setRefusal(undefined);
    onChange("");
    if (!file) return;
    try {
      const text = certificateText(new Uint8Array(await file.arrayBuffer()));
      const read = await inspectCertificate(text);
      // Another file was chosen meanwhile.
      if (mine !== turn.current) return;
      const reason = unfit(read, wanted);
      setReading(read);
      setRefusal(reason);
      if (reason === undefined) onChange(text, read);
    } catch (error) {
      if (mine !== turn.current) return;
      setRefusal(error instanceof ApiError ? `${file.name}: ${error.message}` : messageOf(error));
    }
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
        {reading && <CertificateFacts reading={reading} />}
      </div>
    </div>
  );
}

/** What a certificate says, for people. */
export function CertificateFacts({ reading }: { readonly reading: CertificateReading }) {
  const { sha1Thumbprint, sha256Thumbprint } = reading;
  const kind = reading.isCa === undefined ? undefined : reading.isCa ? "CA certificate" : "leaf certificate";
  const expired = reading.notAfterUtc !== undefined && Date.parse(reading.notAfterUtc) < Date.now();
  return (
    <div class="reading">
      <Facts
        rows={[
          ["Subject", reading.subjectName],
          ["Issuer", reading.isSelfSigned ? `${reading.issuerName ?? ""} (self-signed)` : reading.issuerName],
          ["Kind", kind],
          ["Key", reading.keyAlgorithm],
          ["Valid from", reading.notBeforeUtc && <Time at={reading.notBeforeUtc} />],
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
