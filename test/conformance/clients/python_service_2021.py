"""An operator with the unmodified Python service SDK of api-version 2021-10-01: every call of it, on the enrollments of the job."""

import json
import os

# The package "requests" below it takes its CAs from here.
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["NODE_EXTRA_CA_CERTS"]

from azure.core.exceptions import HttpResponseError
from azure.iot.deviceprovisioning import DeviceProvisioningClient, generate_sas_token
from azure.core.credentials import AzureSasCredential

job = json.loads(os.environ["ROLLCALL_JOB"])
client = DeviceProvisioningClient.from_connection_string(job["connectionString"])


def refusal(run):
    try:
        return {"succeeded": str(run())}
    except HttpResponseError as error:
        body = error.response.json()
        return {"type": type(error).__name__, "status": error.status_code, "errorCode": body["errorCode"]}


def pages(query):
    found = [list(page) for page in query.by_page()]
    return {"sizes": [len(page) for page in found], "items": [each for page in found for each in page]}


def life(operations, id, body):
    created = operations.create_or_update(id, body)
    read = operations.get(id)
    changed = dict(read, initialTwin={"tags": {"changed": "yes"}, "properties": {"desired": {"interval": 7}}})
    updated = operations.create_or_update(id, changed, if_match=read["etag"])
    return {
        "created": created,
        "read": read,
        "updated": updated,
        "overtaken": refusal(lambda: operations.create_or_update(id, changed, if_match=read["etag"])),
        "createdAgain": refusal(lambda: operations.create_or_update(id, changed)),
        "unchanged": operations.get(id),
        "malformed": refusal(lambda: operations.create_or_update(id, dict(read, allocationPolicy="nearest"), if_match="*")),
        "notDeleted": refusal(lambda: operations.delete(id, if_match=read["etag"])),
        "mechanism": operations.get_attestation_mechanism(id),
    }


def create():
    lives = {each["registrationId"]: life(client.enrollment, each["registrationId"], each) for each in job["individuals"]}
    lives.update(
        {
            each["enrollmentGroupId"]: life(client.enrollment_group, each["enrollmentGroupId"], each)
            for each in job["groups"]
        }
    )
    return lives


def bulk(operations, member, id_member):
    fresh = [{id_member: "bulk-%d" % n, "attestation": {"type": "symmetricKey"}} for n in range(3)]
    modes = ("create", "create", "update", "updateIfMatchETag", "delete")
    return [operations.run_bulk_operation({"mode": mode, member: fresh}) for mode in modes]


def query():
    return {
        "bulk": bulk(client.enrollment, "enrollments", "registrationId"),
        "groupBulk": bulk(client.enrollment_group, "enrollmentGroups", "enrollmentGroupId"),
        "individuals": pages(client.enrollment.query({"query": "SELECT * FROM enrollments"}, top=2)),
        "groups": pages(client.enrollment_group.query({"query": "SELECT * FROM enrollmentGroups"})),
    }


def registrations():
    of = client.device_registration_state
    states = {id: of.get(id) for id in job["registrationIds"]}
    derived = pages(of.query("key-derived", top=1))
    first = job["registrationIds"][0]
    overtaken = refusal(lambda: of.delete(first, if_match='"another"'))
    of.delete(first, if_match=states[first]["etag"])
    return {
        "states": states,
        "derived": derived,
        "overtaken": overtaken,
        "forgotten": refusal(lambda: of.get(first)),
    }


def delete():
    for id in job["individualIds"]:
        client.enrollment.delete(id, if_match=client.enrollment.get(id)["etag"])
    for id in job["groupIds"]:
        client.enrollment_group.delete(id)
    host, _, key = [part.split("=", 1)[1] for part in job["connectionString"].split(";")]
    signed = DeviceProvisioningClient(
        host, AzureSasCredential(generate_sas_token(host, "provisioningserviceowner", key))
    )
    stranger = DeviceProvisioningClient(host, AzureSasCredential(generate_sas_token(host, "stranger", key)))
    return {
        "individual": refusal(lambda: client.enrollment.get(job["individualIds"][0])),
        "group": refusal(lambda: client.enrollment_group.get(job["groupIds"][0])),
        "signed": refusal(lambda: signed.enrollment.get(job["individualIds"][0])),
        "stranger": refusal(lambda: stranger.enrollment.get(job["individualIds"][0])),
    }


acts = {"create": create, "query": query, "registrations": registrations, "delete": delete}
print(json.dumps({"result": {job["act"]: acts[job["act"]]()}}), flush=True)
