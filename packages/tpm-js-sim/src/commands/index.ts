import type { Command } from "../memory/command.js";
import { eccParameters } from "./asymmetric/ecc-parameters.js";
import { ecdhKeyGen } from "./asymmetric/ecdh-key-gen.js";
import { ecdhZGen } from "./asymmetric/ecdh-z-gen.js";
import { rsaDecryptCommand } from "./asymmetric/rsa-decrypt.js";
import { rsaEncryptCommand } from "./asymmetric/rsa-encrypt.js";
import { certify } from "./attestation/certify.js";
import { certifyCreation } from "./attestation/certify-creation.js";
import { getSessionAuditDigest } from "./attestation/get-session-audit-digest.js";
import { getTime } from "./attestation/get-time.js";
import { quote } from "./attestation/quote.js";
import { getCapabilityOf } from "./capability/get-capability.js";
import { clockRateAdjust } from "./clock/clock-rate-adjust.js";
import { clockSet } from "./clock/clock-set.js";
import { readClock } from "./clock/read-clock.js";
import { contextLoad } from "./context/context-load.js";
import { contextSave } from "./context/context-save.js";
import { evictControl } from "./context/evict-control.js";
import { flushContext } from "./context/flush-context.js";
import { dictionaryAttackLockReset } from "./dictionary-attack/dictionary-attack-lock-reset.js";
import { dictionaryAttackParameters } from "./dictionary-attack/dictionary-attack-parameters.js";
import { duplicateCommand } from "./duplication/duplicate.js";
import { importKey } from "./duplication/import.js";
import { rewrap } from "./duplication/rewrap.js";
import { eventSequenceComplete } from "./hash/event-sequence-complete.js";
import { hashSequenceStart } from "./hash/hash-sequence-start.js";
import { hmacStart } from "./hash/hmac-start.js";
import { sequenceComplete } from "./hash/sequence-complete.js";
import { sequenceUpdate } from "./hash/sequence-update.js";
import { changeEps } from "./hierarchy/change-eps.js";
import { changePps } from "./hierarchy/change-pps.js";
import { clear } from "./hierarchy/clear.js";
import { clearControl } from "./hierarchy/clear-control.js";
import { createPrimary } from "./hierarchy/create-primary.js";
import { hierarchyChangeAuth } from "./hierarchy/hierarchy-change-auth.js";
import { setPrimaryPolicy } from "./hierarchy/set-primary-policy.js";
import { nvCertify } from "./nv/nv-certify.js";
import { nvChangeAuth } from "./nv/nv-change-auth.js";
import { nvDefineSpace } from "./nv/nv-define-space.js";
import { nvExtend } from "./nv/nv-extend.js";
import { nvGlobalWriteLock } from "./nv/nv-global-write-lock.js";
import { nvIncrement } from "./nv/nv-increment.js";
import { nvRead } from "./nv/nv-read.js";
import { nvReadLock } from "./nv/nv-read-lock.js";
import { nvReadPublic } from "./nv/nv-read-public.js";
import { nvSetBits } from "./nv/nv-set-bits.js";
import { nvUndefineSpace } from "./nv/nv-undefine-space.js";
import { nvUndefineSpaceSpecial } from "./nv/nv-undefine-space-special.js";
import { nvWrite } from "./nv/nv-write.js";
import { nvWriteLock } from "./nv/nv-write-lock.js";
import { activateCredential } from "./object/activate-credential.js";
import { create } from "./object/create.js";
import { createLoaded } from "./object/create-loaded.js";
import { load } from "./object/load.js";
import { loadExternal } from "./object/load-external.js";
import { makeCredential } from "./object/make-credential.js";
import { objectChangeAuth } from "./object/object-change-auth.js";
import { readPublic } from "./object/read-public.js";
import { unseal } from "./object/unseal.js";
import { pcrEvent } from "./pcr/pcr-event.js";
import { pcrExtend } from "./pcr/pcr-extend.js";
import { pcrRead } from "./pcr/pcr-read.js";
import { pcrReset } from "./pcr/pcr-reset.js";
import { policyAuthValue } from "./policy/policy-auth-value.js";
import { policyAuthorize } from "./policy/policy-authorize.js";
import { policyAuthorizeNv } from "./policy/policy-authorize-nv.js";
import { policyCommandCodeOf } from "./policy/policy-command-code.js";
import { policyCounterTimer } from "./policy/policy-counter-timer.js";
import { policyCpHash } from "./policy/policy-cp-hash.js";
import { policyDuplicationSelect } from "./policy/policy-duplication-select.js";
import { policyGetDigest } from "./policy/policy-get-digest.js";
import { policyLocality } from "./policy/policy-locality.js";
import { policyNameHash } from "./policy/policy-name-hash.js";
import { policyNv } from "./policy/policy-nv.js";
import { policyNvWritten } from "./policy/policy-nv-written.js";
import { policyOr } from "./policy/policy-or.js";
import { policyPassword } from "./policy/policy-password.js";
import { policyPcr } from "./policy/policy-pcr.js";
import { policyPhysicalPresence } from "./policy/policy-physical-presence.js";
import { policySecret } from "./policy/policy-secret.js";
import { policySigned } from "./policy/policy-signed.js";
import { policyTemplate } from "./policy/policy-template.js";
import { policyTicket } from "./policy/policy-ticket.js";
import { getRandom } from "./random/get-random.js";
import { stirRandom } from "./random/stir-random.js";
import { getTestResult } from "./self-test/get-test-result.js";
import { incrementalSelfTest } from "./self-test/incremental-self-test.js";
import { selfTest } from "./self-test/self-test.js";
import { testParms } from "./self-test/test-parms.js";
import { policyRestart } from "./session/policy-restart.js";
import { startAuthSession } from "./session/start-auth-session.js";
import { sign } from "./signing/sign.js";
import { verifySignature } from "./signing/verify-signature.js";
import { shutdown } from "./startup/shutdown.js";
import { startup } from "./startup/startup.js";
import { encryptDecrypt } from "./symmetric/encrypt-decrypt.js";
import { encryptDecrypt2 } from "./symmetric/encrypt-decrypt2.js";
import { hash } from "./symmetric/hash.js";
import { hmac } from "./symmetric/hmac.js";

const markBits = { nv: 1 << 22, extensive: 1 << 23, flushed: 1 << 24 } as const;

/** Part 2, table 37 (TPMA_CC): index, marks, number of handles, and whether the response has one. */
function attributesOf(row: Command): number {
  const marks = row.marks.reduce((bits, mark) => bits | markBits[mark], 0);
  return (row.code | marks | (row.handles.length << 25) | (row.makesHandle ? 1 << 28 : 0)) >>> 0;
}

/** GetCapability lists the table that it is a row of. */
const getCapability = getCapabilityOf(() => commands.map(attributesOf));

const policyCommandCode = policyCommandCodeOf((code) => commandsByCode.has(code));

/** Every command of this TPM. */
const commands: readonly Command[] = [
  evictControl,
  createPrimary,
  sequenceComplete,
  startup,
  activateCredential,
  policySecret,
  hmac,
  importKey,
  load,
  hmacStart,
  sequenceUpdate,
  flushContext,
  readPublic,
  startAuthSession,
  getCapability,
  getRandom,
  policyCommandCode,
  hierarchyChangeAuth,
  clear,
  clearControl,
  nvDefineSpace,
  nvUndefineSpace,
  nvWrite,
  dictionaryAttackLockReset,
  dictionaryAttackParameters,
  pcrEvent,
  pcrReset,
  incrementalSelfTest,
  selfTest,
  shutdown,
  stirRandom,
  nvRead,
  getSessionAuditDigest,
  create,
  quote,
  sign,
  unseal,
  contextLoad,
  contextSave,
  encryptDecrypt,
  loadExternal,
  makeCredential,
  nvReadPublic,
  policyAuthValue,
  policyOr,
  verifySignature,
  getTestResult,
  hash,
  pcrRead,
  policyPcr,
  policyRestart,
  readClock,
  pcrExtend,
  hashSequenceStart,
  policyGetDigest,
  policyPassword,
  createLoaded,
  encryptDecrypt2,
  certify,
  changeEps,
  changePps,
  certifyCreation,
  clockRateAdjust,
  clockSet,
  duplicateCommand,
  eccParameters,
  ecdhKeyGen,
  ecdhZGen,
  eventSequenceComplete,
  getTime,
  nvCertify,
  nvChangeAuth,
  nvExtend,
  nvGlobalWriteLock,
  nvIncrement,
  nvReadLock,
  nvSetBits,
  nvUndefineSpaceSpecial,
  nvWriteLock,
  objectChangeAuth,
  policyAuthorize,
  policyAuthorizeNv,
  policyCounterTimer,
  policyCpHash,
  policyDuplicationSelect,
  policyLocality,
  policyNameHash,
  policyNv,
  policyNvWritten,
  policyPhysicalPresence,
  policySigned,
  policyTemplate,
  policyTicket,
  rewrap,
  rsaDecryptCommand,
  rsaEncryptCommand,
  setPrimaryPolicy,
  testParms,
];

export const commandsByCode: ReadonlyMap<number, Command> = new Map(commands.map((row) => [row.code, row]));
