"""Chooses the example charging sites: along the main corridors so that no gap is long, then in towns by population.

The sites are examples, not a survey: operators, power, connectors and prices are drawn from a hash of the place, within what is usual.
"""
import hashlib
import heapq
import math

# Trips that people make; along each of them consecutive fast sites are at most FAST_GAP_KM apart by road.
CORRIDORS = [
    "Rio Grande/RS, Porto Alegre/RS, Torres/RS, Florianópolis/SC, Joinville/SC, Curitiba/PR, Registro/SP, São Paulo/SP",
    "Porto Alegre/RS, Caxias do Sul/RS, Vacaria/RS, Lages/SC, Mafra/SC, Curitiba/PR",
    "São Paulo/SP, São José dos Campos/SP, Resende/RJ, Rio de Janeiro/RJ, Campos dos Goytacazes/RJ, Vitória/ES, Linhares/ES, "
    "Teixeira de Freitas/BA, Eunápolis/BA, Itabuna/BA, Feira de Santana/BA, Salvador/BA",
    "Salvador/BA, Alagoinhas/BA, Aracaju/SE, Maceió/AL, Recife/PE, João Pessoa/PB",
    "Rio de Janeiro/RJ, Três Rios/RJ, Além Paraíba/MG, Muriaé/MG, Governador Valadares/MG, Teófilo Otoni/MG, Vitória da Conquista/BA, "
    "Jequié/BA, Feira de Santana/BA",
    "Rio de Janeiro/RJ, Petrópolis/RJ, Juiz de Fora/MG, Barbacena/MG, Belo Horizonte/MG, Três Marias/MG, Paracatu/MG, Brasília/DF",
    "São Paulo/SP, Pouso Alegre/MG, Três Corações/MG, Belo Horizonte/MG, Ipatinga/MG, Governador Valadares/MG",
    "Belo Horizonte/MG, João Monlevade/MG, Manhuaçu/MG, Vitória/ES",
    "São Paulo/SP, Campinas/SP, Ribeirão Preto/SP, Uberaba/MG, Uberlândia/MG, Catalão/GO, Brasília/DF",
    "Uberlândia/MG, Itumbiara/GO, Goiânia/GO, Brasília/DF",
    "Limeira/SP, São Carlos/SP, São José do Rio Preto/SP, Frutal/MG, Prata/MG, Itumbiara/GO",
    "Belo Horizonte/MG, Araxá/MG, Uberaba/MG",
    "Curitiba/PR, Ponta Grossa/PR, Londrina/PR, Ourinhos/SP, Sorocaba/SP, São Paulo/SP",
    "Curitiba/PR, Guarapuava/PR, Cascavel/PR, Foz do Iguaçu/PR",
    "Curitiba/PR, Paranaguá/PR",
    "Ponta Grossa/PR, Apucarana/PR, Maringá/PR",
    "Florianópolis/SC, Lages/SC, Chapecó/SC",
    "Itajaí/SC, Blumenau/SC, Rio do Sul/SC, Campos Novos/SC",
    "São Paulo/SP, Cubatão/SP, São Sebastião/SP, Ubatuba/SP, Paraty/RJ, Angra dos Reis/RJ, Rio de Janeiro/RJ",
    "São José dos Campos/SP, Caraguatatuba/SP",
    "Cubatão/SP, Santos/SP, Peruíbe/SP, Registro/SP",
    "Jundiaí/SP, Bauru/SP, Araçatuba/SP, Três Lagoas/MS",
    "Belo Horizonte/MG, Montes Claros/MG",
    "Goiânia/GO, Anápolis/GO, Porangatu/GO",
    "Ourinhos/SP, Presidente Prudente/SP",
    "Niterói/RJ, Cabo Frio/RJ",
]
FAST_GAP_KM, WANTED_GAP_KM = 120.0, 70.0
POPULATION_FAST, POPULATION_AC = 90_000, 25_000
OPERATORS = [("Costa Verde Recarga", 189, 0), ("Litoral Energia", 199, 200), ("Serra e Mar", 219, 0), ("Planalto Elétrico", 179, 300)]


def dice(*parts):
    """A number that depends on the parts only, so that another place never changes this one."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:6], "big")


def path(graph, start, goal):
    best, before, queue = {start: 0.0}, {}, [(0.0, start)]
    while queue:
        km, node = heapq.heappop(queue)
        if node == goal:
            break
        if km > best[node]:
            continue
        for other, length in graph[node].items():
            if km + length < best.get(other, math.inf):
                best[other], before[other] = km + length, node
                heapq.heappush(queue, (km + length, other))
    nodes = [goal]
    while nodes[-1] != start:
        nodes.append(before[nodes[-1]])
    return [(node, best[node]) for node in reversed(nodes)]


def corridor_nodes(graph):
    """Each corridor as [(place, km since its start)]."""
    for text in CORRIDORS:
        stops = [stop.strip() for stop in text.split(",")]
        nodes = [(stops[0], 0.0)]
        for a, b in zip(stops, stops[1:]):
            base = nodes[-1][1]
            nodes += [(node, base + km) for node, km in path(graph, a, b)[1:]]
        yield nodes


def choose_fast(graph, population):
    """Places with a fast site: large towns, both ends of each corridor, and enough between them."""
    fast = {key for key, people in population.items() if people >= POPULATION_FAST}
    for nodes in corridor_nodes(graph):
        fast |= {nodes[0][0], nodes[-1][0]}
        last = 0.0
        for (node, km), (_, next_km) in zip(nodes, nodes[1:]):
            if node in fast:
                last = km
            elif next_km - last > WANTED_GAP_KM and km - last > 10:
                fast.add(node)
                last = km
    return fast


def connectors(key, ordinal, people, fast):
    rows = []
    if fast:
        big = people >= 300_000
        kw = ([120, 150, 180] if big else [60, 90, 120])[dice(key, ordinal, "kw") % 3]
        rows += [("CCS2", kw, "DC")] * (2 if kw >= 90 else 1)
        if kw < 90 or dice(key, ordinal, "more") % 3 == 0:
            rows.append(("CCS2", 60, "DC"))
        if dice(key, ordinal, "chademo") % 5 == 0:
            rows.append(("CHAdeMO", 50, "DC"))
    rows.append(("Type2", 22 if fast or dice(key, ordinal, "ac") % 2 else 11, "AC"))
    if not fast:
        rows.append(("Type2", 22, "AC"))
    return [{"id": i, "type": kind, "powerKw": kw, "current": current} for i, (kind, kw, current) in enumerate(rows, 1)]


def tariff(key, ordinal, operator, fast):
    _, per_kwh, start = operator
    per_kwh += 10 * (dice(key, ordinal, "price") % 4) if fast else -40
    return {"currency": "BRL", "perKwhMinor": per_kwh, "startFeeMinor": start if fast else 0,
            "idlePerMinuteMinor": (50, 80, 100)[dice(key, "idle") % 3] if fast else 20, "graceMinutes": 10 if fast else 30}


def build(keys, positions, graph, population, place_id):
    fast = choose_fast(graph, population)
    counters, rows = {}, []
    for key in keys:
        people = population.get(key, 0)
        count = 3 if people >= 1_500_000 else 2 if people >= 400_000 else 1
        if key not in fast and people < POPULATION_AC:
            continue
        name, state = key.rsplit("/", 1)
        for ordinal in range(1, count + 1):
            counters[state] = counters.get(state, 0) + 1
            operator = OPERATORS[dice(key, ordinal, "operator") % len(OPERATORS)]
            lat, lon = positions[key]
            rows.append({
                "id": f"BR-{state}-{counters[state]:04d}", "name": f"{name} {ordinal}" if count > 1 else name, "operator": operator[0],
                "lat": round(lat + (dice(key, ordinal, "lat") % 161 - 80) / 20000, 5), "lon": round(lon + (dice(key, ordinal, "lon") % 161 - 80) / 20000, 5),
                "placeId": place_id(key), "state": state, "connectors": connectors(key, ordinal, people, key in fast),
                "tariff": tariff(key, ordinal, operator, key in fast)})
    return rows
