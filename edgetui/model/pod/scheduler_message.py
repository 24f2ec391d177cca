"""What the clauses of the scheduler's sentence mean, in plain words (kube-scheduler 1.37 and before).

One clause a line: a sign by which it is known, words for a cell, what is so of some nodes, and what of all of them.
Those that a person can do something about come first.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

PLACES = """
insufficient cpu | no node: cpu | too little cpu free | no node has {cpu} cpu free
insufficient memory | no node: memory | too little memory free | no node has {memory} free
insufficient ephemeral-storage | no node: disk | too little disk | no node has the disk free
insufficient | no node: {resource} | too little {resource} free | no node has the {resource} free
too many pods | no node: pods full | full of pods | every node is full of pods
unreachable | no node: silent | unreachable | every node is unreachable
not-ready | no node: not ready | not ready | every node is not ready
not ready | no node: not ready | not ready | every node is not ready
-pressure | no node: pressure | under {taint} | every node is under {taint}
kubernetes.io/unschedulable | no node: cordoned | cordoned | every node is cordoned
taint { | no node: taints | tainted ({taint}) | every node has the taint {taint}, not tolerated
taint | no node: taints | tainted | every node has a taint that it does not tolerate
were unschedulable | no node: cordoned | cordoned | every node is cordoned
unknown conditions | no node: unknown | in an unknown condition | every node is in an unknown condition
free ports | no node: port | have its host port in use | its host port is in use on every node
volumes to bind | no node: volume | have no volume to bind | no node has a volume that its claim could bind
free storage | no node: storage | too little storage free | no node has the storage free that it claims
volume zone | no node: zone | in another zone than its volume | every node is in another zone than its volume
max volume count | no node: volumes | full of volumes | every node has as many volumes as it can
available disk | no node: disk | have its disk in use | its disk is in use on every node
readwriteoncepod | no node: volume | have its volume in use | another pod uses its volume (ReadWriteOncePod)
volume | no node: volume | without its volume | its volume is on no node that could run it
existing pods anti-affinity | no node: apart | run a pod that avoids it | every node runs a pod that avoids it
anti-affinity | no node: apart | run a pod it avoids | every node runs a pod that it avoids
pod affinity | no node: beside | without the pod it wants near | no node runs the pod that it wants near
missing required label | no node: spread | without the label of its spread | no node has the label of its spread
topology spread | no node: spread | would make its spread uneven | every node would make its spread uneven
requested node name | no node: name | not the node it names | the node that it names does not exist
[nodename] | no node: name | not the node it names | the node that it names does not exist
required features | no node: features | without a feature it requires | no node has the features it requires
claim | no node: device | without the device it claims | no node has the device it claims
scheduler-enforced | no node: affinity | outside the enforced affinity | the scheduler's own affinity fits no node
node affinity | no node: affinity | do not match its node selector | its node selector fits no node
node selector | no node: selector | do not match its node selector | its node selector fits no node
[nodeaffinity] | no node: affinity | do not match its node selector | its node selector fits no node
"""

NAME = '"?([^" ]+)"?'
POD = f"""
storageclass(?:[.]storage[.]k8s[.]io)? {NAME} not found | no storage class | its storage class {{0}} does not exist
persistentvolumeclaim {NAME} not found | no volume claim | its PersistentVolumeClaim {{0}} does not exist
persistentvolumeclaim {NAME} bound to non-existent persistentvolume {NAME} | volume is gone | its volume {{1}} is gone
bound to non-existent pv | volume is gone | its PersistentVolumeClaim is bound to a volume that does not exist
persistentvolumeclaim {NAME} is being deleted | claim is deleted | its PersistentVolumeClaim {{0}} is being deleted
controller to create the persistentvolumeclaim {NAME} | waits for a volume | its volume claim {{0}} is not made yet
unbound immediate persistentvolumeclaims | volume not bound | its PersistentVolumeClaim is not bound to a volume
no pv name and storageclass name | volume not bound | its PersistentVolumeClaim names no volume and no storage class
resourceclaim {NAME} not found | no device claim | its ResourceClaim {{0}} does not exist
device class {NAME} does not exist | no device class | the device class {{0}} does not exist
pod affinity terms conflict | affinity conflict | its node affinity terms contradict each other
plugin\\(s\\) \\[([^]]*)\\] simultaneously | no node fits | no node satisfies {{0}} at the same time
no nodes available to schedule pods | no nodes | this cluster has no node
"""
"""What is wrong with the pod itself, whatever nodes there are: a pattern, words for a cell, a sentence."""


class Place(NamedTuple):
    """A clause about nodes."""

    rank: int
    sign: str
    short: str
    some: str
    all: str


@cache
def places() -> tuple[Place, ...]:
    """The clauses about nodes, in their order."""
    rows = (tuple(part.strip() for part in line.split("|")) for line in PLACES.strip().splitlines())
    return tuple(Place(rank, *row) for rank, row in enumerate(rows))


@cache
def of_the_pod() -> tuple[tuple[str, str, str], ...]:
    """Pattern, words for a cell and sentence of each clause about the pod."""
    lines = (line.split(" | ") for line in POD.strip().splitlines())
    return tuple((pattern, short, sentence) for pattern, short, sentence in lines)
