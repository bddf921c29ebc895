export { type Authority, type Identity, type IdentityPem, loadIdentity } from "./authority.js";
export { type BuildPathOptions, type BuiltPath, buildPath } from "./build-path.js";
export { type Certificate, readCertificate } from "./certificate.js";
export { type CertificateCache, certificateCache } from "./certificate-cache.js";
export { CertificateError } from "./certificate-error.js";
export { type CertificateInfo, certificateInfo } from "./certificate-info.js";
export { nameKeyOf } from "./distinguished-name.js";
export {
  type IssueAuthorityOptions,
  type IssueFaults,
  type IssueOptions,
  issueIntermediate,
  issueLeaf,
  issueRoot,
  issueServerCertificate,
} from "./issue.js";
export { checkSelfSigned, isIssuedBy, isSelfSigned } from "./issued-by.js";
export { type JudgedProof, type JudgePathOptions, judgePath, judgeProof, problemsAt } from "./judge-path.js";
export { nameDifference } from "./name-difference.js";
export { extendedKeyUsages, type KeyUsage } from "./oids.js";
export { type PathElement, type PathProblem, type PathProblemCode, pathProblems } from "./path-problem.js";
export { parseCertificates, toPem } from "./pem.js";
export { type Pkcs12Content, type Pkcs12Options, readPkcs12, writePkcs12 } from "./pkcs12.js";
export { isProofOfPossession, type Possession } from "./proof-of-possession.js";
export { derivedKeyPair, type KeyPair } from "./seeded.js";
export { noSignatures, notingWork, type SignatureWork, unlimitedWork, type Work } from "./work.js";
