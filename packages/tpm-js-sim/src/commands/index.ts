import type { Command } from "../command.js";
import { activateCredential } from "./activate-credential.js";
import { certify } from "./certify.js";
import { certifyCreation } from "./certify-creation.js";
import { changeEps } from "./change-eps.js";
import { changePps } from "./change-pps.js";
import { clear } from "./clear.js";
import { clearControl } from "./clear-control.js";
import { clockRateAdjust } from "./clock-rate-adjust.js";
import { clockSet } from "./clock-set.js";
import { contextLoad } from "./context-load.js";
import { contextSave } from "./context-save.js";
import { create } from "./create.js";
import { createLoaded } from "./create-loaded.js";
import { createPrimary } from "./create-primary.js";
import { dictionaryAttackLockReset } from "./dictionary-attack-lock-reset.js";
import { dictionaryAttackParameters } from "./dictionary-attack-parameters.js";
import { duplicateCommand } from "./duplicate.js";
import { eccParameters } from "./ecc-parameters.js";
import { ecdhKeyGen } from "./ecdh-key-gen.js";
import { ecdhZGen } from "./ecdh-z-gen.js";
import { encryptDecrypt } from "./encrypt-decrypt.js";
import { encryptDecrypt2 } from "./encrypt-decrypt2.js";
import { eventSequenceComplete } from "./event-sequence-complete.js";
import { evictControl } from "./evict-control.js";
import { flushContext } from "./flush-context.js";
import { getCapabilityOf } from "./get-capability.js";
import { getRandom } from "./get-random.js";
import { getSessionAuditDigest } from "./get-session-audit-digest.js";
import { getTestResult } from "./get-test-result.js";
import { getTime } from "./get-time.js";
import { hash } from "./hash.js";
import { hashSequenceStart } from "./hash-sequence-start.js";
import { hierarchyChangeAuth } from "./hierarchy-change-auth.js";
import { hmac } from "./hmac.js";
import { hmacStart } from "./hmac-start.js";
import { importKey } from "./import.js";
import { incrementalSelfTest } from "./incremental-self-test.js";
import { load } from "./load.js";
import { loadExternal } from "./load-external.js";
import { makeCredential } from "./make-credential.js";
import { nvCertify } from "./nv-certify.js";
import { nvChangeAuth } from "./nv-change-auth.js";
import { nvDefineSpace } from "./nv-define-space.js";
import { nvExtend } from "./nv-extend.js";
import { nvGlobalWriteLock } from "./nv-global-write-lock.js";
import { nvIncrement } from "./nv-increment.js";
import { nvRead } from "./nv-read.js";
import { nvReadLock } from "./nv-read-lock.js";
import { nvReadPublic } from "./nv-read-public.js";
import { nvSetBits } from "./nv-set-bits.js";
import { nvUndefineSpace } from "./nv-undefine-space.js";
import { nvUndefineSpaceSpecial } from "./nv-undefine-space-special.js";
import { nvWrite } from "./nv-write.js";
import { nvWriteLock } from "./nv-write-lock.js";
import { objectChangeAuth } from "./object-change-auth.js";
import { pcrEvent } from "./pcr-event.js";
import { pcrExtend } from "./pcr-extend.js";
import { pcrRead } from "./pcr-read.js";
import { pcrReset } from "./pcr-reset.js";
import { policyAuthValue } from "./policy-auth-value.js";
import { policyAuthorize } from "./policy-authorize.js";
import { policyAuthorizeNv } from "./policy-authorize-nv.js";
import { policyCommandCodeOf } from "./policy-command-code.js";
import { policyCounterTimer } from "./policy-counter-timer.js";
import { policyCpHash } from "./policy-cp-hash.js";
import { policyDuplicationSelect } from "./policy-duplication-select.js";
import { policyGetDigest } from "./policy-get-digest.js";
import { policyLocality } from "./policy-locality.js";
import { policyNameHash } from "./policy-name-hash.js";
import { policyNv } from "./policy-nv.js";
import { policyNvWritten } from "./policy-nv-written.js";
import { policyOr } from "./policy-or.js";
import { policyPassword } from "./policy-password.js";
import { policyPcr } from "./policy-pcr.js";
import { policyPhysicalPresence } from "./policy-physical-presence.js";
import { policyRestart } from "./policy-restart.js";
import { policySecret } from "./policy-secret.js";
import { policySigned } from "./policy-signed.js";
import { policyTemplate } from "./policy-template.js";
import { policyTicket } from "./policy-ticket.js";
import { quote } from "./quote.js";
import { readClock } from "./read-clock.js";
import { readPublic } from "./read-public.js";
import { rewrap } from "./rewrap.js";
import { rsaDecryptCommand } from "./rsa-decrypt.js";
import { rsaEncryptCommand } from "./rsa-encrypt.js";
import { selfTest } from "./self-test.js";
import { sequenceComplete } from "./sequence-complete.js";
import { sequenceUpdate } from "./sequence-update.js";
import { setPrimaryPolicy } from "./set-primary-policy.js";
import { shutdown } from "./shutdown.js";
import { sign } from "./sign.js";
import { startAuthSession } from "./start-auth-session.js";
import { startup } from "./startup.js";
import { stirRandom } from "./stir-random.js";
import { testParms } from "./test-parms.js";
import { unseal } from "./unseal.js";
import { verifySignature } from "./verify-signature.js";

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
