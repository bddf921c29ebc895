"""An operator with the unmodified Python service SDK: every call of it that works, on the enrollments of the job."""

import json
import os

# The package "requests" below it takes its CAs from here.
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["NODE_EXTRA_CA_CERTS"]

import provisioningserviceclient as dps
from provisioningserviceclient import models
from provisioningserviceclient.protocol import models as protocol

job = json.loads(os.environ["ROLLCALL_JOB"])
client = dps.ProvisioningServiceClient.create_from_connection_string(job["connectionString"])


def wire(model):
    """A model as it would stand on the wire; the twin is wrapped by the SDK."""
    twin = getattr(model, "initial_twin", None)
    if twin is not None:
        model.initial_twin = twin._unwrap()
    value = model.serialize(keep_readonly=True)
    if twin is not None:
        model.initial_twin = twin
    return value


def refusal(run):
    try:
        return {"succeeded": str(run())}
    except dps.ProvisioningServiceError as error:
        details = error.cause.error
        return {"message": str(error), "errorCode": details and details.error_code}


def pages(query):
    sizes, items = [], []
    for page in query:
        sizes.append(len(page))
        items += [wire(each) for each in page]
    return {"sizes": sizes, "items": items}


def attestation(value):
    if value["type"] == "tpm":
        return models.AttestationMechanism.create_with_tpm(value["tpm"]["endorsementKey"])
    if value["type"] == "symmetricKey":
        keys = value["symmetricKey"]
        symmetric_key = protocol.SymmetricKeyAttestation(
            primary_key=keys["primaryKey"], secondary_key=keys["secondaryKey"]
        )
        return models.AttestationMechanism(type="symmetricKey", symmetric_key=symmetric_key)
    (holds, pair), = value["x509"].items()
    certificates = [pair[name]["certificate"] for name in ("primary", "secondary") if name in pair]
    if holds == "clientCertificates":
        return models.AttestationMechanism.create_with_x509_client_certs(*certificates)
    return models.AttestationMechanism.create_with_x509_signing_certs(*certificates)


def life(model, get, mechanism):
    created = client.create_or_update(model)
    read = get()
    old = wire(read)
    read.initial_twin = models.InitialTwin.create(tags={"changed": "yes"}, desired_properties={"interval": 7})
    updated = client.create_or_update(read)
    without_etag = get()
    without_etag.etag = None
    return {
        "created": wire(created),
        "read": old,
        "updated": wire(updated),
        "overtaken": refusal(lambda: client.create_or_update(read)),
        "createdAgain": refusal(lambda: client.create_or_update(without_etag)),
        "unchanged": wire(get()),
        "notDeleted": refusal(lambda: client.delete(read)),
        "mechanism": wire(mechanism()),
    }


def individual(each):
    id = each["registrationId"]
    model = models.IndividualEnrollment.create(id, attestation(each["attestation"]), device_id=each.get("deviceId"))
    return life(
        model,
        lambda: client.get_individual_enrollment(id),
        lambda: client.get_individual_enrollment_attestation_mechanism(id),
    )


def group(each):
    id = each["enrollmentGroupId"]
    model = models.EnrollmentGroup.create(id, attestation(each["attestation"]))
    return life(
        model,
        lambda: client.get_enrollment_group(id),
        lambda: client.get_enrollment_group_attestation_mechanism(id),
    )


def create():
    lives = {each["registrationId"]: individual(each) for each in job["individuals"]}
    lives.update({each["enrollmentGroupId"]: group(each) for each in job["groups"]})
    return lives


def query():
    everything = models.QuerySpecification("SELECT * FROM enrollments")
    fresh = [
        models.IndividualEnrollment.create("bulk-%d" % n, models.AttestationMechanism(type="symmetricKey"))
        for n in range(3)
    ]
    bulk = [
        client.run_bulk_operation(models.BulkEnrollmentOperation(mode, fresh)).serialize()
        for mode in ("create", "create", "delete")
    ]
    return {
        "bulk": bulk,
        "individuals": pages(client.create_individual_enrollment_query(everything, 2)),
        "groups": pages(client.create_enrollment_group_query(models.QuerySpecification("*"))),
    }


def registrations():
    # Not asked for: the registrations of a group. The SDK passes its arguments in the wrong order there, and sends nothing.
    states = [client.get_registration_state(id) for id in job["registrationIds"]]
    client.delete(states[0])
    forgotten = refusal(lambda: client.get_registration_state(job["registrationIds"][0]))
    return {"states": [wire(each) for each in states], "forgotten": forgotten}


def delete():
    for id in job["individualIds"]:
        client.delete(client.get_individual_enrollment(id))
    for id in job["groupIds"]:
        client.delete_enrollment_group_by_param(id)
    return {
        "individual": refusal(lambda: client.get_individual_enrollment(job["individualIds"][0])),
        "group": refusal(lambda: client.get_enrollment_group(job["groupIds"][0])),
    }


acts = {"create": create, "query": query, "registrations": registrations, "delete": delete}
print(json.dumps({"result": {job["act"]: acts[job["act"]]()}}), flush=True)
