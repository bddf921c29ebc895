import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.microsoft.azure.sdk.iot.device.DeviceClient;
import com.microsoft.azure.sdk.iot.device.IotHubClientProtocol;
import com.microsoft.azure.sdk.iot.device.IotHubStatusCode;
import com.microsoft.azure.sdk.iot.device.Message;
import com.microsoft.azure.sdk.iot.device.exceptions.IotHubClientException;
import com.microsoft.azure.sdk.iot.device.twin.Twin;
import com.microsoft.azure.sdk.iot.device.twin.TwinCollection;
import com.microsoft.azure.sdk.iot.provisioning.device.ProvisioningDeviceClient;
import com.microsoft.azure.sdk.iot.provisioning.device.ProvisioningDeviceClientRegistrationResult;
import com.microsoft.azure.sdk.iot.provisioning.device.ProvisioningDeviceClientTransportProtocol;
import com.microsoft.azure.sdk.iot.provisioning.security.SecurityProvider;
import com.microsoft.azure.sdk.iot.provisioning.security.SecurityProviderSymmetricKey;
import com.microsoft.azure.sdk.iot.provisioning.security.SecurityProviderX509;
import com.microsoft.azure.sdk.iot.provisioning.security.hsm.SecurityProviderTPMHsm;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.KeyFactory;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One device with the unmodified Java SDK: registers, then visits its hub when the job says so.
 *
 * <p>Versions 2.1.3 and 2.5.0 lose wake-ups. Registering over MQTT, the reply may come before the SDK waits for it; it
 * then finds the reply after its minute is over. At the hub, the thread that acknowledges a twin reply may drop the
 * caller's callback before the thread that received the reply has looked it up. Hence the patience and the retries.
 */
public final class JavaDevice {
  private static final int TWIN_MS = 3000;
  private static final int ATTEMPTS = 8;
  private static final Gson GSON = new Gson();
  private static final JsonObject JOB = JsonParser.parseString(System.getenv("ROLLCALL_JOB")).getAsJsonObject();

  public static void main(String[] args) {
    watchdog();
    Map<String, Object> outcome = new LinkedHashMap<>();
    String step = "registered";
    try {
      SecurityProvider security = securityProvider(JOB.getAsJsonObject("attestation"));
      ProvisioningDeviceClientRegistrationResult result = register(security);
      outcome.put(step, describe(result));
      if (JOB.has("hub")) {
        step = "visited";
        outcome.put(step, visit(security, result));
      }
    } catch (Throwable error) { // of any kind: the test decides
      Map<String, Object> described = new LinkedHashMap<>();
      described.put("step", step);
      described.put("name", error.getClass().getSimpleName());
      described.put("message", String.valueOf(error.getMessage()));
      described.put("cause", String.valueOf(error.getCause()));
      outcome.put("error", described);
    }
    say(Map.of("result", outcome));
    // The SDK's threads may still be waiting for something.
    Runtime.getRuntime().halt(0);
  }

  private static void say(Object value) {
    byte[] line = (GSON.toJson(value) + "\n").getBytes(StandardCharsets.UTF_8);
    System.out.write(line, 0, line.length);
    System.out.flush();
  }

  /** The test kills a client that takes too long; this ends the client when the test itself was killed. */
  private static void watchdog() {
    Thread thread = new Thread(() -> {
      try {
        TimeUnit.SECONDS.sleep(240);
      } catch (InterruptedException ignored) {
        return;
      }
      Runtime.getRuntime().halt(70);
    });
    thread.setDaemon(true);
    thread.start();
  }

  private static ProvisioningDeviceClientRegistrationResult register(SecurityProvider security) throws Exception {
    ProvisioningDeviceClientTransportProtocol protocol =
        ProvisioningDeviceClientTransportProtocol.valueOf(JOB.get("transport").getAsString());
    ProvisioningDeviceClient client = ProvisioningDeviceClient.create(
        JOB.get("host").getAsString(), JOB.get("idScope").getAsString(), protocol, security);
    try {
      return client.registerDeviceSync(150_000);
    } finally {
      client.close();
    }
  }

  private static Map<String, Object> describe(ProvisioningDeviceClientRegistrationResult result) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("registrationId", result.getRegistrationId());
    described.put("status", String.valueOf(result.getProvisioningDeviceClientStatus()));
    described.put("assignedHub", result.getIothubUri());
    described.put("deviceId", result.getDeviceId());
    described.put("substatus", String.valueOf(result.getSubstatus()));
    return described;
  }

  private static Map<String, Object> visit(SecurityProvider security, ProvisioningDeviceClientRegistrationResult result)
      throws Exception {
    IotHubClientProtocol protocol =
        JOB.get("transport").getAsString().equals("MQTT_WS") ? IotHubClientProtocol.MQTT_WS : IotHubClientProtocol.MQTT;
    DeviceClient client = new DeviceClient(result.getIothubUri(), result.getDeviceId(), security, protocol);
    client.open(false);
    CompletableFuture<Map<String, Object>> updated = new CompletableFuture<>();
    client.subscribeToDesiredProperties((twin, context) -> updated.complete(desiredOf(twin)), null);
    Map<String, Object> read = desiredOf(patiently(() -> client.getTwin(TWIN_MS)));
    TwinCollection reported = new TwinCollection();
    reported.put("conformance", JOB.get("registrationId").getAsString());
    patiently(() -> client.updateReportedProperties(reported, TWIN_MS));
    say(Map.of("step", "reported"));
    Map<String, Object> visited = new LinkedHashMap<>();
    visited.put("read", read);
    visited.put("updated", updated.get(20, TimeUnit.SECONDS));
    for (int count = 0; count < JOB.getAsJsonObject("hub").get("telemetry").getAsInt(); count++) {
      client.sendEvent(new Message("{\"count\":" + count + "}"));
    }
    client.close();
    return visited;
  }

  private interface Request<T> {
    T send() throws Exception;
  }

  private static <T> T patiently(Request<T> request) throws Exception {
    for (int attempt = 1; ; attempt++) {
      try {
        return request.send();
      } catch (IotHubClientException error) {
        boolean lost = error.getStatusCode() == IotHubStatusCode.DEVICE_OPERATION_TIMED_OUT;
        if (!lost || attempt == ATTEMPTS) throw error;
      }
    }
  }

  private static Map<String, Object> desiredOf(Twin twin) {
    TwinCollection desired = twin.getDesiredProperties();
    Map<String, Object> properties = new LinkedHashMap<>(desired);
    properties.put("$version", desired.getVersion());
    return properties;
  }

  private static SecurityProvider securityProvider(JsonObject attestation) throws Exception {
    String registrationId = JOB.get("registrationId").getAsString();
    // Our TpmFactory says which TPM it takes.
    if (attestation.get("type").getAsString().equals("tpm")) return new SecurityProviderTPMHsm(registrationId);
    if (attestation.get("type").getAsString().equals("x509")) return new Certificates(registrationId, attestation);
    // The bytes of the base64 text: the SDK decodes them when it signs.
    byte[] key = attestation.get("key").getAsString().getBytes(StandardCharsets.US_ASCII);
    return new SecurityProviderSymmetricKey(key, registrationId);
  }

  /** The class from the SDK's samples: certificate, key and intermediates from PEM. */
  private static final class Certificates extends SecurityProviderX509 {
    private final String registrationId;
    private final List<X509Certificate> chain = new ArrayList<>();
    private final Key key;

    Certificates(String registrationId, JsonObject attestation) throws Exception {
      this.registrationId = registrationId;
      byte[] pem = attestation.get("cert").getAsString().getBytes(StandardCharsets.US_ASCII);
      for (var each : CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
        chain.add((X509Certificate) each);
      }
      String body = attestation.get("key").getAsString().replaceAll("-----[A-Z ]+-----|\\s", "");
      String algorithm = chain.get(0).getPublicKey().getAlgorithm();
      key = KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
    }

    @Override
    public String getClientCertificateCommonName() {
      return registrationId;
    }

    @Override
    public X509Certificate getClientCertificate() {
      return chain.get(0);
    }

    @Override
    public Key getClientPrivateKey() {
      return key;
    }

    @Override
    public Collection<X509Certificate> getIntermediateCertificatesChain() {
      return chain.subList(1, chain.size());
    }
  }
}
