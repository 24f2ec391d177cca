"""A peer: list and watch pods with the official client and print each, as its README shows."""

import sys

from kubernetes import client, config, watch

config.load_kube_config(sys.argv[1])
api = client.CoreV1Api()
listed = api.list_pod_for_all_namespaces()
for pod in listed.items:
    print(pod.metadata.namespace, pod.metadata.name, pod.status.phase, flush=True)
version = listed.metadata.resource_version
for event in watch.Watch().stream(api.list_pod_for_all_namespaces, resource_version=version):
    pod = event["object"]
    print(event["type"], pod.metadata.namespace, pod.metadata.name, pod.status.phase, flush=True)
