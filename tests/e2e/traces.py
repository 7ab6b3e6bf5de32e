"""Traces as Jaeger tells them."""
import json
import urllib.error
import urllib.request


def jaeger_trace(platform, trace_id):
    """[{id, service, name, kind, begin, end (s), parents, tags}] of a trace, or [] when Jaeger does not know it yet."""
    url = f"http://127.0.0.1:{platform.port('JAEGER_QUERY_PORT')}/api/traces/{trace_id}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            data = json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return []
        raise
    spans = []
    for trace in data:
        for span in trace["spans"]:
            tags = {tag["key"]: tag["value"] for tag in span["tags"]}
            spans.append({"id": span["spanID"], "service": trace["processes"][span["processID"]]["serviceName"], "name": span["operationName"],
                          "kind": tags.get("span.kind"), "tags": tags, "begin": span["startTime"] / 1e6, "end": (span["startTime"] + span["duration"]) / 1e6,
                          "parents": [ref["spanID"] for ref in span["references"] if ref["refType"] == "CHILD_OF" and ref["traceID"] == trace_id]})
    return spans


def orphans(spans):
    """Those whose parent is not among `spans`."""
    ids = {span["id"] for span in spans}
    return [span for span in spans if span["parents"] and not set(span["parents"]) & ids]
