package tss;

import tss.tpm.TPM_HANDLE;
import tss.tpm.TPM_RH;
import tss.tpm.TPM_SU;

/**
 * Stands in for the one class of TSS.Java that chooses a TPM. Its own never reaches 2323 on Linux, as it means to: the
 * device that it tries first fails later than where it looks. What it does for the simulator is done here as well.
 */
public final class TpmFactory {
  private static final int SIMULATOR = 2321;
  private static final int RESOURCE_MANAGER = 2323;

  private TpmFactory() {}

  /** The TPM that the SDK's provider takes. */
  public static Tpm platformTpm() {
    boolean simulated = Integer.getInteger("rollcall.tpmPort", RESOURCE_MANAGER) == SIMULATOR;
    TpmDevice device =
        simulated ? new TpmDeviceTcp("localhost", SIMULATOR) : new TpmDeviceTcp("localhost", RESOURCE_MANAGER, true);
    if (!device.connect()) throw new IllegalStateException("no TPM answers");
    Tpm tpm = new Tpm();
    if (simulated) device.powerCycle();
    tpm._setDevice(device);
    if (simulated) {
      tpm.Startup(TPM_SU.CLEAR);
      tpm.DictionaryAttackLockReset(TPM_HANDLE.from(TPM_RH.LOCKOUT));
    }
    return tpm;
  }
}
