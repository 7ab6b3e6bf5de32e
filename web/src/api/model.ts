// The contract's types under the names that the pages use.
import type { components as ChargingFile } from '../contracts/charging';
import type { components as FaultsFile } from '../contracts/faults';
import type { components as OperationsFile } from '../contracts/operations';
import type { components as PaymentFile } from '../contracts/payment';

type Operations = OperationsFile['schemas'];
type Charging = ChargingFile['schemas'];

export type Station = Operations['OperatorStation'];
export type Connector = Operations['OperatorConnector'];
export type ConnectorStatus = Operations['ConnectorStatus'];
export type ConnectorChange = Operations['OperatorConnectorChange'];
export type Session = Operations['OperatorSession'];
export type SessionState = Operations['SessionState'];
export type WholeSession = Operations['OperatorSessionWhole'];
export type SessionMoney = Operations['SessionMoney'];
export type Money = Operations['Money'];
export type ToldEvent = Operations['ToldEvents'][number];
export type Trace = Operations['Trace'];
export type Span = Trace['spans'][number];
export type TraceRecord = Operations['TraceRecord'];
export type ServiceEdge = Operations['ServiceEdge'];
export type DeadLetter = Charging['DeadLetter'];
export type WholeDeadLetter = Charging['DeadLetterWhole'];
export type ReplayResult = Charging['ReplayResult'];
export type EventApproval = Charging['EventApproval'];
export type EventRun = Charging['EventRun'];
export type Gap = Charging['Gap'];
export type ParkedKey = Charging['ParkedKey'];
export type Case = Charging['Case'];
export type CaseOutcome = Charging['CaseOutcome'];
export type Problem = Charging['Problem'];
export type Refund = PaymentFile['schemas']['Refund'];
export type Fault = FaultsFile['schemas']['Fault'];
export type RefundReason = PaymentFile['schemas']['RefundReason'];

// The services that keep dead letters, cases and decisions of their own.
export const OWNERS = ['charging', 'payment', 'integrations'] as const;
export type Owner = (typeof OWNERS)[number];

export function isOwner(text: string | undefined): text is Owner {
  return OWNERS.some((owner) => owner === text);
}

// What GET /session says about who looks at the console.
export interface SignIn {
  signedIn: boolean;
  name?: string;
  roles?: string[];
  scopes?: string[];
  expiresAt?: string;
}
