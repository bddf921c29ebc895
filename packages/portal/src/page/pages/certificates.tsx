import { useState } from "preact/hooks";
import { isGone, isStale, messageOf } from "../api/client.js";
import { type CaCertificate, deleteCertificate, generateVerificationCode, listCertificates } from "../api/operator.js";
import { announce } from "../parts/announce.js";
import { Loading, Pill, Problem, Time } from "../parts/bits.js";
import { CertificateFacts } from "../parts/certificate-file.js";
import { confirm } from "../parts/confirm.js";
import { Copyable } from "../parts/copy.js";
import { focusContent } from "../parts/focus-content.js";
import { useLoad } from "../parts/use-load.js";
import { useTitle } from "../parts/use-title.js";
import { UploadDialog, VerifyDialog } from "./certificate-dialogs.js";

/** CA certificates that groups can refer to by name, and the proof of possession of their keys. */
export function CertificatesPage() {
  useTitle("Certificates");
  const { value, error, loading, reload } = useLoad("certificates", listCertificates);
  const [uploading, setUploading] = useState(false);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Certificates</h1>
          <p class="hint">CA certificates that enrollment groups refer to by name. Only verified ones can be used.</p>
        </div>
        <button type="button" class="primary" onClick={() => setUploading(true)}>
          Upload certificate
        </button>
      </div>
      {error && <Problem text={error} onRetry={reload} />}
      {!value && loading && <Loading what="certificates" />}
      {value?.length === 0 && <p class="faint empty">There is no CA certificate yet.</p>}
      {value?.map((certificate) => (
        <CertificateCard key={certificate.name} certificate={certificate} onChanged={reload} />
      ))}
      {uploading && <UploadDialog onClose={() => setUploading(false)} onDone={reload} />}
    </>
  );
}

interface CardProps {
  readonly certificate: CaCertificate;
  readonly onChanged: () => void;
}

function CertificateCard({ certificate, onChanged }: CardProps) {
  const { name, properties } = certificate;
  const { isVerified = false, verificationCode, info, subject, expiry } = properties;
  const [verifying, setVerifying] = useState(false);
  return (
    <section class="card" aria-label={name}>
      <div class="card-head">
        <h2 class="break">
          {name} <Pill state={isVerified ? "verified" : "unverified"} />
        </h2>
        <span class="actions">
          {!isVerified && (
            <>
              <button type="button" class="small" onClick={() => void newCode(certificate, onChanged)}>
                {verificationCode ? "New verification code" : "Generate verification code"}
              </button>
              <button type="button" class="small" disabled={!verificationCode} onClick={() => setVerifying(true)}>
                Verify
              </button>
            </>
          )}
          <button
            type="button"
            class="small danger"
            aria-label={`Delete ${name}`}
            onClick={() => void remove(certificate, onChanged)}
          >
            Delete
          </button>
        </span>
      </div>
      {!isVerified && verificationCode && <Proof code={verificationCode} />}
      <CertificateFacts reading={info ?? { ...(subject && { subjectName: subject }) }} />
      {!info && expiry && (
        <p>
          Valid until <Time at={expiry} />
        </p>
      )}
      {verifying && <VerifyDialog certificate={certificate} onClose={() => setVerifying(false)} onDone={onChanged} />}
    </section>
  );
}

function Proof({ code }: { readonly code: string }) {
  return (
    <div class="box">
      <p>
        To prove that you have the key of this CA: sign a certificate with it whose common name (CN) is this code, then
        choose Verify.
      </p>
      <Copyable what="verification code" text={code} />
    </div>
  );
}

async function newCode({ name, etag }: CaCertificate, onChanged: () => void): Promise<void> {
  try {
    await generateVerificationCode(name, etag);
    announce(`${name} has a new verification code.`);
  } catch (error) {
    announce(messageOf(error), "failed");
  }
  onChanged();
}

async function remove({ name, etag }: CaCertificate, onChanged: () => void): Promise<void> {
  const yes = await confirm({
    title: `Delete the certificate ${name}?`,
    text: "Groups can no longer refer to it. A certificate that a group refers to is not deleted.",
    danger: true,
  });
  if (!yes) return;
  try {
    await deleteCertificate(name, etag);
    announce(`The certificate ${name} is deleted.`);
  } catch (error) {
    if (isGone(error)) announce(`The certificate ${name} was already deleted.`);
    else if (isStale(error)) announce(`${name} was changed meanwhile and was not deleted. Check it again.`, "failed");
    else announce(messageOf(error), "failed");
  }
  focusContent();
  onChanged();
}
