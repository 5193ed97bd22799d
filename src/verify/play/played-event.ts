import type { EventObject } from 'xstate';
import type { Candidate, Progress } from '../../../machines/request/progress.ts';
import type { CaseStep } from '../report/report.ts';
import type { ProviderSnapshot } from './imagined-provider.ts';

/** One event of a case, and what was before and after it. */
export interface PlayedEvent {
	/** ms since the case began. */
	readonly at: number;
	readonly by: CaseStep['by'];
	readonly event: EventObject;
	/** The provider actor's id. */
	readonly credential: string;
	/** The target that is asked or attempted; absent where only a provider is concerned. */
	readonly candidate?: Candidate;
	/** What the upstream did, where it did something. */
	readonly says?: string;
	/** The provider before and after what the event led to. */
	readonly provider: readonly [ProviderSnapshot, ProviderSnapshot];
	readonly progress: readonly [Progress, Progress];
	readonly requestState: string;
}
