// Which component shows which page; each is loaded when it is first asked for. And the navigation: page, icon, key.
import type { Component } from 'svelte';
import type { IconName } from '../parts/Icon.svelte';
import type { TextKey } from '../language/language.svelte';
import type { PageName, Route } from './route';

type Page = Component<{ route: Route }>;
type Loaded = Promise<{ default: Page }>;

const LOADERS: Record<PageName, () => Loaded> = {
  stations: () => import('../pages/Stations.svelte'),
  station: () => import('../pages/Station.svelte'),
  sessions: () => import('../pages/Sessions.svelte'),
  session: () => import('../pages/Session.svelte'),
  trace: () => import('../pages/Trace.svelte'),
  search: () => import('../pages/Search.svelte'),
  'dead-letters': () => import('../pages/DeadLetters.svelte'),
  'dead-letter': () => import('../pages/DeadLetter.svelte'),
  cases: () => import('../pages/Cases.svelte'),
  refunds: () => import('../pages/Refunds.svelte'),
  services: () => import('../pages/Services.svelte'),
  ops: () => import('../pages/Ops.svelte'),
  flow: () => import('../pages/Flow.svelte'),
  faults: () => import('../pages/Faults.svelte'),
  audit: () => import('../pages/Audit.svelte'),
  nowhere: () => import('../pages/Nowhere.svelte'),
};

const loaded = new Map<PageName, Page>();

export function pageAtHand(name: PageName): Page | undefined {
  return loaded.get(name);
}

export async function loadPage(name: PageName): Promise<Page> {
  const page = (await LOADERS[name]()).default;
  loaded.set(name, page);
  return page;
}

export interface Place {
  page: PageName;
  icon: IconName;
  key: string; // after g
  text: TextKey;
}

export const PLACES: Place[] = [
  { page: 'stations', icon: 'stations', key: 's', text: 'nav.stations' },
  { page: 'sessions', icon: 'sessions', key: 'c', text: 'nav.sessions' },
  { page: 'dead-letters', icon: 'letters', key: 'd', text: 'nav.deadLetters' },
  { page: 'cases', icon: 'cases', key: 'r', text: 'nav.cases' },
  { page: 'refunds', icon: 'refunds', key: 'e', text: 'nav.refunds' },
  { page: 'services', icon: 'services', key: 'm', text: 'nav.services' },
  { page: 'ops', icon: 'ops', key: 'o', text: 'nav.ops' },
  { page: 'flow', icon: 'flow', key: 'f', text: 'nav.flow' },
  { page: 'faults', icon: 'faults', key: 'x', text: 'nav.faults' },
  { page: 'audit', icon: 'audit', key: 'a', text: 'nav.audit' },
];
