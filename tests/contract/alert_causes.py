"""For promtool: the series that raise each alert, when it fires by them, and when it is over. Values are promtool's notation, one each 15 s."""

PEER = 'peer="payment-provider",process="payment",job="processes",route="/v1/authorizations",method="POST"'
CALLS = f"http_client_request_duration_seconds_count{{{PEER},"
TOOK = f"http_client_request_duration_seconds_sum{{{PEER},"
SQL = 'process="charging",job="processes",statement="session_find"'
SPAN = 'service_name="charging",http_route="/charging/start",span_kind="SPAN_KIND_SERVER"'
PROCESS = 'process="charging",job="processes"'
RELAY = 'process="relay-charging",slot="charging_outbox",job="processes"'
INBOX = 'process="payment",group="payment",topic="charging.events",job="processes"'
EDGE = 'service="gateway",route="/charging/start",method="POST"'


def gauge(name: str, healthy: str, ill: str, long: int = 8) -> list[tuple[str, str]]:
    """One that is ill from the second minute on, for `long` times 15 s, and well again for as long as it takes."""
    return [(name, f"{healthy}x7 {ill}x{long} {healthy}x60")]


def bucket(name: str, labels: str, quick: str, all_of_them: str) -> list[tuple[str, str]]:
    return [(f'{name}_bucket{{{labels},le="1"}}', quick), (f'{name}_bucket{{{labels},le="5"}}', all_of_them), (f'{name}_bucket{{{labels},le="+Inf"}}', all_of_them),
            (f"{name}_count{{{labels}}}", all_of_them)]


HEALTHY = [
    ('up{job="collector"}', "1x480"), (f"up{{{PROCESS}}}", "1x480"), (CALLS + 'status="201"}', "0+15x480"), (TOOK + 'status="201"}', "0+1x480"),
    (f"db_client_operation_duration_seconds_count{{{SQL}}}", "0+1000x480"), (f"db_client_operation_duration_seconds_sum{{{SQL}}}", "0+10x480"),
    (f"redis_client_connections{{{PROCESS}}}", "2x480"), (f"outbox_relay_lag_seconds{{{RELAY}}}", "0x480"), *bucket("inbox_effect_delay_seconds", INBOX, "0+150x480", "0+150x480"),
    (f'http_server_request_duration_seconds_count{{{EDGE},status="201"}}', "0+150x480"), (f'http_server_request_duration_seconds_bucket{{{EDGE},status="201",le="2.5"}}', "0+150x480"),
    (f'inbox_events_total{{{INBOX},outcome="applied"}}', "0+150x480"), (f"evc_spans_dropped_total{{{PROCESS}}}", "0x480"), ('ocpp_stations{state="offline"}', "0x480"),
    ('ocpp_stations{state="neverSeen"}', "700x480"), ("payment_ledger_imbalance", "0x480"), (f"schema_registry_agreed{{{PROCESS}}}", "1x480"),
]

# Alert → series, a moment at which it fires, one at which it is over.
CAUSES = {
    "HighErrorRatio": ([(f'traces_span_metrics_calls_total{{{SPAN},status_code="STATUS_CODE_ERROR"}}', "0x7 0+30x8 240x60"),
                        (f'traces_span_metrics_calls_total{{{SPAN},status_code="STATUS_CODE_UNSET"}}', "0+150x75")], "3m45s", "8m"),
    "CircuitOpen": (gauge(f'http_client_breaker_state{{{PROCESS},peer="payment",breaker="default"}}', "0", "2"), "3m", "6m"),
    "EventsLate": (gauge(f"outbox_relay_lag_seconds{{{RELAY}}}", "0", "6"), "3m", "6m"),
    "EventsRepeated": ([(f'inbox_events_total{{{INBOX},outcome="duplicate"}}', "0x7 0+30x8 240x60")], "3m", "6m"),
    "ConsumerBehind": (gauge(f"inbox_lag_records{{{INBOX}}}", "0", "5000"), "3m30s", "6m"),
    "EventMissing": (gauge(f"inbox_gap_keys{{{INBOX}}}", "0", "1"), "3m30s", "6m"),
    "EventLost": (gauge(f"inbox_lost_keys{{{INBOX}}}", "0", "1"), "3m", "6m"),
    "EventsStandStill": (gauge(f"inbox_dead_letters{{{INBOX}}}", "0", "1"), "3m", "6m"),
    "HandlerStuck": ([(f"inbox_handlers_stopped_total{{{INBOX}}}", "0x7 0+1x8 8x60")], "3m30s", "12m"),
    "OutboxSlotFills": ([(f"outbox_relay_slot_safe_bytes{{{RELAY}}}", "1000x7 600x8 1000x60"), (f"outbox_relay_slot_wal_bytes{{{RELAY}}}", "0x7 400x8 0x60")], "3m", "6m"),
    "OutboxSlotLost": ([(f"outbox_relay_slots_lost_total{{{RELAY}}}", "0x7 1x70")], "3m", "15m"),
    "SchemaRegistryUnanswered": (gauge(f"schema_registry_agreed{{{PROCESS}}}", "1", "0", 60), "13m", "18m"),
    "SchemaReaderBehind": ([(f"schema_registry_notes{{{PROCESS}}}", "0x3 1x300 0x20")], "24h30m", "26h"),
    "BooksDoNotFit": (gauge("payment_ledger_imbalance", "0", "-1"), "3m", "6m"),
    "CasesWait": ([("payment_reconciliation_cases", "0x3 1x15 0x60")], "85m", "3h"),
    "ProviderSlow": ([(CALLS + 'status="201"}', "0+15x75"), (TOOK + 'status="201"}', "0+1x7 7+45x8 367+1x60")], "3m30s", "6m"),
    "ProviderFails": ([(CALLS + 'status="201"}', "0+15x75"), (TOOK + 'status="201"}', "0+1x75"), (CALLS + 'status="timeout"}', "0x7 0+15x8 120x60")], "3m30s", "6m"),
    "ProviderDoesNotAnswer": (gauge("payment_steps_overdue", "0", "3", 40), "8m", "13m"),
    "StationsOffline": (gauge('ocpp_stations{state="offline"}', "0", "1"), "3m", "6m"),
    "SessionsStuck": (gauge('charging_session_oldest_seconds{state="CAPTURING"}', "0", "1000"), "3m30s", "6m"),
    "ErasureStuck": (gauge("user_erasure_oldest_seconds", "0", "400"), "3m30s", "6m"),
    "ProcessDown": (gauge(f"up{{{PROCESS}}}", "1", "0"), "3m", "6m"),
    "DatabaseAway": (gauge('pg_up{process="postgres-exporter"}', "1", "0"), "3m", "6m"),
    "DatabaseSlow": ([(f"db_client_operation_duration_seconds_count{{{SQL}}}", "0+100x75"), (f"db_client_operation_duration_seconds_sum{{{SQL}}}", "0+1x7 7+40x8 327+1x60")], "3m30s", "6m"),
    "RedisAway": (gauge(f"redis_client_connections{{{PROCESS}}}", "2", "0"), "3m", "6m"),
    # promtool's clock begins at 0.
    "ClockSkew": ([(f"evc_clock_seconds{{{PROCESS}}}", "0+15x7 180+15x8 255+15x60")], "3m", "6m"),
    "DiskFills": ([('node_filesystem_avail_bytes{mountpoint="/",fstype="ext4"}', "50x7 5x8 50x60"), ('node_filesystem_size_bytes{mountpoint="/",fstype="ext4"}', "100x75")], "3m30s", "6m"),
    "MemoryFills": ([("node_memory_MemAvailable_bytes", "50x7 2x8 50x60"), ("node_memory_MemTotal_bytes", "100x75")], "3m30s", "6m"),
    "CertificateEnds": (gauge(f"evc_certificate_not_after_seconds{{{PROCESS}}}", "900000", "40000", 40), "8m", "13m"),
    "CollectorDown": (gauge('up{job="collector"}', "1", "0", 2), "2m15s", "6m"),
    "TelemetryLost": ([(f"evc_spans_dropped_total{{{PROCESS}}}", "0x7 10x60")], "3m", "9m"),
    "TraceStoreBehind": ([('otelcol_exporter_queue_size{exporter="otlp_http/jaeger"}', "0x7 800x8 0x60"), ('otelcol_exporter_queue_capacity{exporter="otlp_http/jaeger"}', "1000x75")], "3m30s", "6m"),
    "CaughtBug": ([(f"evc_bugs_total{{{PROCESS}}}", "0x7 1x70")], "3m", "15m"),
}

# Those that wait for hours: their values are one each 5 minutes.
SLOW_CAUSES = ("SchemaReaderBehind", "CasesWait")

GOOD, BAD = f'http_server_request_duration_seconds_count{{{EDGE},status="201"}}', f'http_server_request_duration_seconds_count{{{EDGE},status="503"}}'
QUICK = f'http_server_request_duration_seconds_bucket{{{EDGE},status="201",le="2.5"}}'
QUICK_BAD = f'http_server_request_duration_seconds_bucket{{{EDGE},status="503",le="2.5"}}'


def answers(good: str, bad: str) -> list[tuple[str, str]]:
    return [(GOOD, good), (QUICK, good), (BAD, bad), (QUICK_BAD, bad)]


# (alert, series, moment → what fires); one value each 30 s.
SLO_BURNS = [
    # A tenth fails: a hundred times the budget of 0.1 %. Seen in minutes, gone minutes after the end although the hour still remembers it.
    ("SloBurnsFast", answers("0+20x40 800+18x20 1160+20x100", "0x40 0+2x20 40x100"), {"20m": set(), "26m": {"SloBurnsFast", "SloBurnsSlowly"}, "45m": {"SloBurnsSlowly"}}),
    # One in a hundred and twenty-five: eight times the budget. Never fast.
    ("SloBurnsSlowly", answers("0+124x240", "0+1x240"), {"30m": {"SloBurnsSlowly"}, "110m": {"SloBurnsSlowly"}}),
    # Half of what is allowed burns for ever.
    ("SloBurnsFast", answers("0+1999x160", "0+1x160"), {"1h": set(), "75m": set()}),
    # A failure among four requests is no burn.
    ("SloBurnsFast", answers("0 1 2 3x50", "0x3 1x50"), {"5m": set(), "20m": set()}),
    # Slow answers are their own objective.
    ("SloBurnsFast", [(GOOD, "0+10x90"), (QUICK, "0+5x90")], {"40m": {"SloBurnsFast", "SloBurnsSlowly"}}),
    # Energy comes late to half of the charges.
    ("SloBurnsSlowly", [("charging_start_to_energy_seconds_count", "0+4x90"), ('charging_start_to_energy_seconds_bucket{le="30"}', "0+2x90")], {"40m": {"SloBurnsSlowly"}}),
]
