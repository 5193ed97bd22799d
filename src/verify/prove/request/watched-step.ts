import type { EventObject } from 'xstate';
import type { RequestEvent } from '../../../../machines/events.ts';
import type { requestMachine } from '../../../../machines/request/machine.ts';
import type { MachineStep, RunState } from '../../play/runner.ts';

type Machine = typeof requestMachine;

/** What a monitor is shown: an event at its time, and what the request did about it. */
export interface WatchedStep {
	/** Undefined: the request began. */
	event: RequestEvent | EventObject | undefined;
	/** ms since the epoch. */
	now: number;
	before: RunState<Machine> | undefined;
	step: MachineStep<Machine>;
}
