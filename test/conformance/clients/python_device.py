"""One device with the unmodified Python SDK: registers, then visits its hub when the job says so."""

import json
import os
import sys
import tempfile
import threading

from azure.iot.device import IoTHubDeviceClient, Message, ProvisioningDeviceClient, X509

job = json.loads(os.environ["ROLLCALL_JOB"])
attestation = job["attestation"]
with open(os.environ["NODE_EXTRA_CA_CERTS"], encoding="ascii") as file:
    ca = file.read()


def say(value):
    print(json.dumps(value), flush=True)


def x509(folder):
    paths = {}
    for name in ("cert", "key"):
        paths[name] = os.path.join(folder, name + ".pem")
        with open(paths[name], "w", encoding="ascii") as file:
            file.write(attestation[name])
    return X509(cert_file=paths["cert"], key_file=paths["key"])


def register(folder):
    common = {
        "provisioning_host": job["host"],
        "registration_id": job["registrationId"],
        "id_scope": job["idScope"],
        "websockets": job["transport"] == "mqtt-ws",
        "server_verification_cert": ca,
    }
    if attestation["type"] == "x509":
        client = ProvisioningDeviceClient.create_from_x509_certificate(x509=x509(folder), **common)
    else:
        client = ProvisioningDeviceClient.create_from_symmetric_key(symmetric_key=attestation["key"], **common)
    if job.get("payload") is not None:
        client.provisioning_payload = job["payload"]
    result = client.register()
    state = result.registration_state
    return {
        "registrationId": job["registrationId"],
        "status": result.status,
        "assignedHub": state.assigned_hub,
        "deviceId": state.device_id,
        "substatus": state.sub_status,
    }


def visit(folder, registered):
    drops = job["hub"].get("drops", False)
    common = {"websockets": job["transport"] == "mqtt-ws", "server_verification_cert": ca}
    if drops:
        # Ten seconds unless told otherwise.
        common["connection_retry_interval"] = 1
    hub, device_id = registered["assignedHub"], registered["deviceId"]
    if attestation["type"] == "x509":
        client = IoTHubDeviceClient.create_from_x509_certificate(
            x509=x509(folder), hostname=hub, device_id=device_id, **common
        )
    else:
        client = IoTHubDeviceClient.create_from_symmetric_key(
            symmetric_key=attestation["key"], hostname=hub, device_id=device_id, **common
        )
    updates = []
    arrived = threading.Event()
    back = threading.Event()

    def take(patch):
        updates.append(patch)
        arrived.set()
        if patch["$version"] >= updates[0]["$version"] + 2:
            back.set()

    client.connect()
    client.on_twin_desired_properties_patch_received = take
    twin = client.get_twin()
    client.patch_twin_reported_properties({"conformance": job["registrationId"]})
    say({"step": "reported"})
    arrived.wait(15)
    if drops:
        # What is acknowledged comes behind the PUBACK of the change, which is sent again otherwise.
        client.send_message(Message("{}"))
        say({"step": "told"})
        back.wait(40)
    for count in range(job["hub"]["telemetry"]):
        client.send_message(Message(json.dumps({"count": count})))
    client.shutdown()
    visited = {"read": twin["desired"], "updated": updates[0] if updates else None}
    if drops:
        visited["updatedAgain"] = updates[1:]
    return visited


def describe(step, error):
    cause = error.__cause__
    return {
        "step": step,
        "name": type(error).__name__,
        "message": str(error),
        "cause": cause and {"name": type(cause).__name__, "message": str(cause)},
    }


def main():
    # The test kills a client that takes too long; this is for the day when the test itself was killed.
    watchdog = threading.Timer(60, os._exit, [70])
    watchdog.daemon = True
    watchdog.start()
    outcome = {}
    with tempfile.TemporaryDirectory() as folder:
        step = "registered"
        try:
            outcome["registered"] = register(folder)
            if job.get("hub"):
                step = "visited"
                outcome["visited"] = visit(folder, outcome["registered"])
        except Exception as error:  # whatever it is, the test decides
            outcome["error"] = describe(step, error)
    say({"result": outcome})
    # The SDK's threads may still be waiting for something.
    sys.stdout.flush()
    os._exit(0)


main()
