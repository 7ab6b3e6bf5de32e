// The board's stations: read whole once, then changed as the stream tells, many changes at a time. A stream that breaks is opened
// again with longer pauses, and what was missed comes with its beginning, which tells every connector.
import { getAll } from '../api/client';
import type { ConnectorChange, Station } from '../api/model';
import { Watched } from '../api/watched.svelte';
import { changed, foundBy, inOrder } from './board';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
// What comes meanwhile is drawn together: a busy network would otherwise be added up and drawn at every change.
const TOGETHER_MS = 30;
// A station that was not there when we began is a reason to read all of them again, but not for each of its connectors.
const AGAIN_MS = 1_000;

// One row of the board: only it is drawn anew when it changes.
export class Row {
  station = $state.raw<Station>() as Station;
  changedAt = $state(0);
  readonly found: string; // what a search looks at; it does not change
  constructor(station: Station) {
    this.station = station;
    this.found = foundBy(station);
  }
}

export class LiveStations {
  live = $state(false);
  rows: Watched<Row[]>;
  #byId = new Map<string, Row>();
  #stream: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: ConnectorChange[] = [];
  #drawing: ReturnType<typeof setTimeout> | undefined;
  #reading: ReturnType<typeof setTimeout> | undefined;
  #pause = FIRST_PAUSE_MS;
  #closed = false;

  constructor() {
    this.rows = new Watched(async (gone) => {
      const stations = await getAll<Station, 'stations'>('/operations/stations', 'stations', {}, 20_000, gone);
      const rows = stations.sort(inOrder).map((station) => new Row(station));
      this.#byId = new Map(rows.map((row) => [row.station.stationId, row]));
      this.#open();
      return rows;
    });
  }

  #open(): void {
    this.#stream?.close();
    if (this.#closed) return;
    const stream = new EventSource('/operations/stations/events');
    this.#stream = stream;
    stream.addEventListener('connector', (event) => this.#take(JSON.parse((event as MessageEvent<string>).data) as ConnectorChange));
    stream.onopen = () => {
      this.live = true;
      this.#pause = FIRST_PAUSE_MS;
    };
    stream.onerror = () => {
      this.live = false;
      stream.close();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#open(), this.#pause);
      this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2);
    };
  }

  #take(change: ConnectorChange): void {
    this.#waiting.push(change);
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#waiting.splice(0).forEach((one) => this.#apply(one));
    }, TOGETHER_MS);
  }

  #apply(change: ConnectorChange): void {
    const row = this.#byId.get(change.stationId);
    if (!row) {
      this.#reading ??= setTimeout(() => {
        this.#reading = undefined;
        void this.rows.again();
      }, AGAIN_MS);
      return;
    }
    const before = row.station;
    row.station = changed(before, change);
    const old = before.connectors.find((connector) => connector.connectorId === change.connector.connectorId);
    if (old && old.status !== change.connector.status) row.changedAt = Date.now();
  }

  close(): void {
    this.#closed = true;
    [this.#timer, this.#drawing, this.#reading].forEach((one) => clearTimeout(one));
    this.#stream?.close();
    this.rows.close();
  }
}
