/** How a budget stands in its present period. */
export interface BudgetFigures {
	/** Whose it is: of all requests, of those to a profile, or of those of a caller. */
	readonly scope: 'all' | 'profile' | 'client';
	/** The profile or the caller; `''` for all. */
	readonly name: string;
	readonly limitUsd: number;
	/** Of the requests that have ended. */
	readonly usedUsd: number;
	/** Attempts whose cost is not known, or not all of it: they are not in `usedUsd`. */
	readonly unknownCosts: number;
	/** When it begins anew, ms since the epoch, of the process's clock. */
	readonly until: number;
}

/** Told once for each period: when the share is reached from which on is warned, and when it is spent. */
export interface BudgetNews extends BudgetFigures {
	readonly is: 'warned' | 'spent';
	/** Where it stands in the configuration: `server.clients.web.budget`. */
	readonly place: string;
	/** `refuse`, or the profile that serves instead. */
	readonly then: string;
}
