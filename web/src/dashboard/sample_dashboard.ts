// A small dashboard in Grafana's form, for tests.
export const sample = {
  uid: 'sample',
  title: 'Sample',
  time: { from: 'now-30m', to: 'now' },
  templating: { list: [{ name: 'service', type: 'custom', current: { value: 'charging' } }, { name: 'route', type: 'query', current: { value: '$__all' } }, { name: 'source', type: 'datasource', current: { value: 'prometheus' } }] },
  panels: [
    { id: 1, type: 'timeseries', title: 'p95', gridPos: { x: 0, y: 0, w: 12, h: 8 }, fieldConfig: { defaults: { unit: 's', custom: { stacking: { mode: 'normal' } } } }, targets: [{ expr: 'rate(x{service="$service",route=~"${route:regex}"}[$__rate_interval])', legendFormat: '{{service}} p95' }, { expr: '', refId: 'B' }, { expr: 'hidden', hide: true }] },
    { id: 2, type: 'row', title: 'Folded', panels: [{ id: 3, type: 'stat', title: 'Sum', fieldConfig: { defaults: { thresholds: { steps: [{ color: 'green', value: null }, { color: 'red', value: 5 }] } } }, targets: [{ expr: 'sum(y)', instant: true }] }] },
    { id: 4, type: 'nodeGraph', title: 'Unknown' },
  ],
};
