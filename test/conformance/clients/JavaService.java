import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.microsoft.azure.sdk.iot.provisioning.service.ProvisioningServiceClient;
import com.microsoft.azure.sdk.iot.provisioning.service.Query;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.Attestation;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.AttestationMechanism;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.BulkEnrollmentOperationResult;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.BulkOperationMode;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.DeviceRegistrationState;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.EnrollmentGroup;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.IndividualEnrollment;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.QueryResult;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.QuerySpecification;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.QuerySpecificationBuilder;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.SymmetricKeyAttestation;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.TpmAttestation;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.TwinCollection;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.TwinState;
import com.microsoft.azure.sdk.iot.provisioning.service.configs.X509Attestation;
import com.microsoft.azure.sdk.iot.provisioning.service.exceptions.ProvisioningServiceClientException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An operator with the unmodified Java service SDK: every call that it has, on the enrollments of the job. */
public final class JavaService {
  private static final Gson GSON = new Gson();
  private static final JsonObject JOB = JsonParser.parseString(System.getenv("ROLLCALL_JOB")).getAsJsonObject();
  private static final ProvisioningServiceClient CLIENT =
      new ProvisioningServiceClient(JOB.get("connectionString").getAsString());

  public static void main(String[] args) throws Exception {
    String act = JOB.get("act").getAsString();
    Object outcome;
    switch (act) {
      case "create":
        outcome = create();
        break;
      case "query":
        outcome = query();
        break;
      case "registrations":
        outcome = registrations();
        break;
      default:
        outcome = delete();
    }
    byte[] line = (GSON.toJson(Map.of("result", Map.of(act, outcome))) + "\n").getBytes(StandardCharsets.UTF_8);
    System.out.write(line, 0, line.length);
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private interface Call {
    void run() throws ProvisioningServiceClientException;
  }

  /** The class of the exception that a call ends with. */
  private static String refusal(Call call) {
    try {
      call.run();
      return "none";
    } catch (ProvisioningServiceClientException error) {
      return error.getClass().getSimpleName();
    }
  }

  private static Attestation attestation(JsonObject value) {
    String type = value.get("type").getAsString();
    if (type.equals("tpm")) {
      return new TpmAttestation(value.getAsJsonObject("tpm").get("endorsementKey").getAsString());
    }
    if (type.equals("symmetricKey")) {
      JsonObject keys = value.getAsJsonObject("symmetricKey");
      return new SymmetricKeyAttestation(keys.get("primaryKey").getAsString(), keys.get("secondaryKey").getAsString());
    }
    JsonObject x509 = value.getAsJsonObject("x509");
    if (x509.has("clientCertificates")) {
      return X509Attestation.createFromClientCertificates(certificate(x509.getAsJsonObject("clientCertificates")));
    }
    return X509Attestation.createFromRootCertificates(certificate(x509.getAsJsonObject("signingCertificates")));
  }

  private static String certificate(JsonObject pair) {
    return pair.getAsJsonObject("primary").get("certificate").getAsString();
  }

  private static TwinState changedTwin() {
    TwinCollection tags = new TwinCollection();
    tags.put("changed", "yes");
    TwinCollection desired = new TwinCollection();
    desired.put("interval", 7);
    return new TwinState(tags, desired);
  }

  private static Map<String, Object> mechanism(AttestationMechanism mechanism) throws Exception {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("type", mechanism.getType().toString());
    Attestation attestation = mechanism.getAttestation();
    if (attestation instanceof SymmetricKeyAttestation) {
      described.put("primaryKey", ((SymmetricKeyAttestation) attestation).getPrimaryKey());
      described.put("secondaryKey", ((SymmetricKeyAttestation) attestation).getSecondaryKey());
    } else if (attestation instanceof TpmAttestation) {
      described.put("endorsementKey", ((TpmAttestation) attestation).getEndorsementKey());
    } else {
      described.put("sha256", ((X509Attestation) attestation).getPrimaryX509CertificateInfo().getSha256Thumbprint());
    }
    return described;
  }

  private static Map<String, Object> life(
      String created,
      String updated,
      TwinState twin,
      Object overtaken,
      Object createdAgain,
      Map<String, Object> mechanism) {
    Map<String, Object> life = new LinkedHashMap<>();
    life.put("created", created);
    life.put("updated", updated);
    life.put("tags", twin.getTags());
    life.put("overtaken", overtaken);
    life.put("createdAgain", createdAgain);
    life.put("mechanism", mechanism);
    return life;
  }

  private static Object create() throws Exception {
    Map<String, Object> lives = new LinkedHashMap<>();
    for (JsonElement each : JOB.getAsJsonArray("individuals")) {
      JsonObject seed = each.getAsJsonObject();
      String id = seed.get("registrationId").getAsString();
      IndividualEnrollment enrollment = new IndividualEnrollment(id, attestation(seed.getAsJsonObject("attestation")));
      enrollment.setDeviceId(seed.get("deviceId").getAsString());
      String created = CLIENT.createOrUpdateIndividualEnrollment(enrollment).getEtag();
      IndividualEnrollment read = CLIENT.getIndividualEnrollment(id);
      read.setInitialTwin(changedTwin());
      IndividualEnrollment updated = CLIENT.createOrUpdateIndividualEnrollment(read);
      read.setEtag(created);
      Object overtaken = refusal(() -> CLIENT.createOrUpdateIndividualEnrollment(read));
      Object createdAgain = refusal(() -> CLIENT.createOrUpdateIndividualEnrollment(enrollment));
      Map<String, Object> keys = mechanism(CLIENT.getIndividualEnrollmentAttestationMechanism(id));
      lives.put(id, life(created, updated.getEtag(), updated.getInitialTwin(), overtaken, createdAgain, keys));
    }
    for (JsonElement each : JOB.getAsJsonArray("groups")) {
      JsonObject seed = each.getAsJsonObject();
      String id = seed.get("enrollmentGroupId").getAsString();
      EnrollmentGroup group = new EnrollmentGroup(id, attestation(seed.getAsJsonObject("attestation")));
      String created = CLIENT.createOrUpdateEnrollmentGroup(group).getEtag();
      EnrollmentGroup read = CLIENT.getEnrollmentGroup(id);
      read.setInitialTwin(changedTwin());
      EnrollmentGroup updated = CLIENT.createOrUpdateEnrollmentGroup(read);
      read.setEtag(created);
      Object overtaken = refusal(() -> CLIENT.createOrUpdateEnrollmentGroup(read));
      Object createdAgain = refusal(() -> CLIENT.createOrUpdateEnrollmentGroup(group));
      Map<String, Object> keys = mechanism(CLIENT.getEnrollmentGroupAttestationMechanism(id));
      lives.put(id, life(created, updated.getEtag(), updated.getInitialTwin(), overtaken, createdAgain, keys));
    }
    return lives;
  }

  /** The number of entries on each page, and the type that the SDK read from its header. */
  private static List<String> pages(Query query) {
    List<String> pages = new ArrayList<>();
    while (query.hasNext()) {
      QueryResult page = query.next();
      pages.add(page.getItems().length + " " + page.getType());
    }
    return pages;
  }

  private static Object query() throws Exception {
    List<IndividualEnrollment> fresh = new ArrayList<>();
    for (int number = 0; number < 3; number++) {
      String key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
      fresh.add(new IndividualEnrollment("bulk-" + number, new SymmetricKeyAttestation(key, key)));
    }
    Map<String, Object> outcome = new LinkedHashMap<>();
    List<String> bulk = new ArrayList<>();
    for (BulkOperationMode mode : new BulkOperationMode[] {
      BulkOperationMode.CREATE, BulkOperationMode.CREATE, BulkOperationMode.UPDATE, BulkOperationMode.DELETE
    }) {
      BulkEnrollmentOperationResult result = CLIENT.runBulkEnrollmentOperation(mode, fresh);
      bulk.add(result.getSuccessful() + " " + result.getErrors().size());
    }
    outcome.put("bulk", bulk);
    QuerySpecification enrollments =
        new QuerySpecificationBuilder("*", QuerySpecificationBuilder.FromType.ENROLLMENTS).createSqlQuery();
    QuerySpecification groups =
        new QuerySpecificationBuilder("*", QuerySpecificationBuilder.FromType.ENROLLMENT_GROUPS)
            .where("provisioningStatus = 'enabled'")
            .createSqlQuery();
    outcome.put("individuals", pages(CLIENT.createIndividualEnrollmentQuery(enrollments, 2)));
    outcome.put("groups", pages(CLIENT.createEnrollmentGroupQuery(groups)));
    return outcome;
  }

  private static Object registrations() throws Exception {
    Map<String, Object> outcome = new LinkedHashMap<>();
    Map<String, String> states = new LinkedHashMap<>();
    for (JsonElement id : JOB.getAsJsonArray("registrationIds")) {
      DeviceRegistrationState state = CLIENT.getDeviceRegistrationState(id.getAsString());
      states.put(state.getRegistrationId(), state.getStatus() + " " + state.getAssignedHub() + " " + state.getDeviceId());
    }
    outcome.put("states", states);
    String group = JOB.get("enrollmentGroupId").getAsString();
    QuerySpecification all = new QuerySpecification("SELECT * FROM enrollments");
    outcome.put("listed", pages(CLIENT.createEnrollmentGroupRegistrationStateQuery(all, group, 1)));
    String first = states.keySet().iterator().next();
    CLIENT.deleteDeviceRegistrationState(CLIENT.getDeviceRegistrationState(first));
    outcome.put("forgotten", refusal(() -> CLIENT.getDeviceRegistrationState(first)));
    return outcome;
  }

  private static Object delete() throws Exception {
    Map<String, Object> outcome = new LinkedHashMap<>();
    for (JsonElement each : JOB.getAsJsonArray("individualIds")) {
      String id = each.getAsString();
      CLIENT.deleteIndividualEnrollment(CLIENT.getIndividualEnrollment(id));
      outcome.put(id, refusal(() -> CLIENT.getIndividualEnrollment(id)));
    }
    for (JsonElement each : JOB.getAsJsonArray("groupIds")) {
      String id = each.getAsString();
      CLIENT.deleteEnrollmentGroup(id);
      outcome.put(id, refusal(() -> CLIENT.getEnrollmentGroup(id)));
    }
    return outcome;
  }
}
