"""What the brokers really do is what contracts/topics.yaml says: partitions, replicas, settings, quotas."""
import os
import subprocess

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from contract_check import contracts

CATALOGUE = contracts().topics
TOPICS = {row["name"]: row for row in CATALOGUE["topics"]} | {row["name"]: CATALOGUE["dead_letter_defaults"] for row in CATALOGUE["dead_letters"]}


@pytest.fixture(scope="module")
def admin(platform):
    return AdminClient(platform.kafka_settings("platform-admin"))


@pytest.fixture(scope="module")
def durability(admin):
    brokers = len(admin.list_topics(timeout=20).brokers)
    assert brokers in (1, 3)
    return CATALOGUE["defaults"]["cluster"] if brokers == 3 else CATALOGUE["defaults"]


def test_every_topic_has_its_partitions_and_replicas_and_nothing_else_is_there(admin, durability):
    found = admin.list_topics(timeout=20).topics
    assert {name for name in found if not name.startswith("__")} == set(TOPICS)
    for name, row in TOPICS.items():
        assert len(found[name].partitions) == row["partitions"], name
        assert {len(partition.replicas) for partition in found[name].partitions.values()} == {durability["replication_factor"]}, name


def test_the_brokers_follow_the_settings_of_the_file(admin, durability):
    """Effective values, whatever level they come from."""
    for name, row in TOPICS.items():
        resource = ConfigResource(ResourceType.TOPIC, name)
        effective = {key: entry.value for key, entry in admin.describe_configs([resource], request_timeout=20)[resource].result().items()}
        wanted = {**row["config"], "min.insync.replicas": str(durability["min_insync_replicas"])}
        assert {key: effective[key] for key in wanted} == wanted, name


def test_provisioning_again_finds_nothing_to_do(platform):
    """It reads topics, settings, access rules and quotas back from the brokers and compares them with the file."""
    program = platform.root / "build" / os.environ.get("EVCOSTA_BUILD", "release") / "bin/evcosta-topics"
    done = subprocess.run([program, "--bootstrap", platform.kafka, "--tls-dir", platform.run_dir / "tls", "--topics", platform.root / "contracts/topics.yaml"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "(0 created, 0 altered)" in done.stdout and "(0 added, 0 removed)" in done.stdout, done.stdout
    assert f"quotas: {len(CATALOGUE['quotas'])} (0 changed)" in done.stdout, done.stdout
