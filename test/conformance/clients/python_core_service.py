"""An operator with the unmodified azure-iot-deviceprovisioning, the service SDK on azure-core: every call that it has."""

import json
import os

# The package "requests" below it takes its CAs from here.
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["NODE_EXTRA_CA_CERTS"]

from azure.core.exceptions import HttpResponseError
from azure.iot.deviceprovisioning import DeviceProvisioningClient

job = json.loads(os.environ["ROLLCALL_JOB"])
client = DeviceProvisioningClient.from_connection_string(job["connectionString"])


def refusal(run):
    try:
        return {"succeeded": str(run())}
    except HttpResponseError as error:
        body = error.response.json()
        return {"name": type(error).__name__, "status": error.status_code, "errorCode": body["errorCode"]}


def life(operations, member, entry):
    """Creates, reads, updates over the etag and over another, reads the keys; bulk, query in pages, delete."""
    entry_id = entry[member]
    created = operations.create_or_update(entry_id, entry)
    read = operations.get(entry_id)
    updated = operations.create_or_update(entry_id, {**created, "provisioningStatus": "disabled"}, if_match=created["etag"])
    others = [{**entry, member: f"{entry_id}-{n}"} for n in range(4)]
    collection = {"registrationId": "enrollments", "enrollmentGroupId": "enrollmentGroups"}[member]
    return {
        "created": created,
        "read": read,
        "updated": updated,
        "overtaken": refusal(lambda: operations.create_or_update(entry_id, created, if_match=created["etag"])),
        "malformed": refusal(lambda: operations.create_or_update(entry_id, {member: entry_id})),
        "mechanism": operations.get_attestation_mechanism(entry_id),
        "bulk": [operations.run_bulk_operation({"mode": mode, collection: others}) for mode in ("create", "create")],
        "pages": [[each[member] for each in page] for page in query(operations, 2).by_page()],
        "all": [each[member] for each in query(operations, 5000)],
        "bulkGone": operations.run_bulk_operation({"mode": "delete", collection: others}),
    }


def query(operations, top):
    return operations.query({"query": "SELECT *"}, top=top)


result = {
    "individual": life(client.enrollment, "registrationId", job["individual"]),
    "group": life(client.enrollment_group, "enrollmentGroupId", job["group"]),
    "registrations": [
        [each["registrationId"] for each in page]
        for page in client.device_registration_state.query(job["group"]["enrollmentGroupId"], top=2).by_page()
    ],
    "state": client.device_registration_state.get(job["registrationId"]),
}
state_etag = result["state"]["etag"]
result["notForgotten"] = refusal(lambda: client.device_registration_state.delete(job["registrationId"], if_match="AAAA"))
client.device_registration_state.delete(job["registrationId"], if_match=state_etag)
result["forgotten"] = refusal(lambda: client.device_registration_state.get(job["registrationId"]))
client.enrollment.delete(job["individual"]["registrationId"], if_match="*")
client.enrollment_group.delete(job["group"]["enrollmentGroupId"])
result["gone"] = [
    refusal(lambda: client.enrollment.get(job["individual"]["registrationId"])),
    refusal(lambda: client.enrollment_group.get(job["group"]["enrollmentGroupId"])),
]
print(json.dumps({"result": result}))
