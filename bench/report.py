"""The tables on standard output."""


def row(*cells) -> None:
    print("  " + f"{cells[0]:<24}" + "".join(f"{cell:>14}" for cell in cells[1:]))


def show(result: dict) -> None:
    machine = result["machine"]
    print(f"\n{result['scenario']}: {machine['cores']} cores ({machine['model']}), load average {machine['load_average'][0]} before, "
          f"SHA-256 of 64 KiB {machine['sha256_64k_us']} µs")
    if result["scenario"] == "read":
        show_read(result)
    else:
        show_charges(result)


def show_read(result: dict) -> None:
    steps = result["steps"]
    row("", *steps)
    row("requests/s", *(step["per_second"] for step in steps.values()))
    for name in ("p50", "p90", "p99"):
        row(f"{name} ms", *(round(step[f"{name}_us"] / 1000, 2) for step in steps.values()))
    row("unexpected answers", *(step["not_2xx"] + step["socket_errors"] for step in steps.values()))
    row("machine busy", *(f"{step['cost']['machine_busy']:.0%}" for step in steps.values()))
    row("  by the platform", *(f"{step['cost']['platform_share']:.0%}" for step in steps.values()))
    row("  by the load", *(f"{step['cost']['load_share']:.0%}" for step in steps.values()))
    print("  CPU µs per request")
    for process in steps["yardstick"]["cpu_us_per_request"]:
        spent = [step["cpu_us_per_request"][process] for step in steps.values()]
        if max(spent) >= 0.5:
            row("  " + process, *spent)
    row("  all", *(round(sum(step["cpu_us_per_request"].values())) for step in steps.values()))
    show_memory(list(steps.values())[-1]["cost"]["memory_mb"])
    for name, ratios in result["ratios"].items():
        print(f"  {name} / yardstick: throughput {ratios['throughput']}, CPU of everything {ratios['cpu']}, CPU of the gateway {ratios['gateway_cpu']}")
    for name, step in steps.items():
        if "note" in step:
            print(f"  {name}: {step['note']}")


def show_charges(result: dict) -> None:
    print(f"  {result['asked']} starts asked at {result['rate']}/s, {result['started']} started ({result['started_per_second']}/s), held {result['hold_s']} s, "
          f"{result['stations']} stations, {result['drivers']} drivers")
    for name, key in (("start, ms after due", "start_ms"), ("load's own delay, ms", "client_late_ms")):
        print(f"  {name:<24}" + "  ".join(f"{share} {value}" for share, value in result[key].items()))
    print(f"  ends                    {result['ends']}; CAPTURED {result['captured_share']:.2%} of those asked, {result['captured_share_of_started']:.2%} of those started; "
          f"watched until {result['all_ended_after_last_stop_s']} s after the last stop")
    print(f"  errors                  {result['errors'] or 'none'}")
    print(f"  machine busy            {result['cost']['machine_busy']:.0%} during {result['cost']['seconds']} s "
          f"({result['cost']['platform_share']:.0%} by the platform, {result['cost']['load_share']:.0%} by the load)")
    row("process", "CPU ms/charge", "idle ms/s", "memory MB")
    for process, spent in sorted(result["cpu_ms_per_charge"].items(), key=lambda entry: -entry[1]):
        row("  " + process, spent, result["idle_cpu_ms_per_s"].get(process, 0), result["cost"]["memory_mb"][process])
    row("  all", round(sum(result["cpu_ms_per_charge"].values()), 2), round(sum(result["idle_cpu_ms_per_s"].values()), 1),
        round(sum(result["cost"]["memory_mb"].values())))
    print(f"  yardstick: a request that the gateway answers by itself costs it {result['yardstick']['cpu_us']} µs, p50 {result['yardstick']['p50_us']} µs")
    print(f"  ratios: CPU of a charge = {result['ratios']['cpu_per_charge_in_edge_requests']} yardsticks; "
          f"p50 of a start = {result['ratios']['start_p50_in_edge_p50']} yardsticks")


def show_memory(memory_mb: dict) -> None:
    print("  memory MB: " + ", ".join(f"{process} {size}" for process, size in sorted(memory_mb.items(), key=lambda entry: -entry[1])))
