export interface FailureReport {
	/** HTTP status. */
	status: number;
	headers: Readonly<Record<string, string>>;
	body: {
		error: { message: string; type: string; param: string | null; code: string };
		failover?: {
			requestId: string;
			profile: string;
			attempts: readonly AttemptReport[];
			denied: readonly DenialReport[];
			/** RFC 3339; when the first target would grant again. */
			retryAt?: string;
		};
	};
}

export interface AttemptReport {
	target: string;
	credential: string;
	category: string;
	reason: string | null;
	status: number | null;
	milliseconds: number;
}

export interface DenialReport {
	target: string;
	credential: string;
	state: string;
	reason: string;
	/** RFC 3339; null where this target never takes the request. */
	retryAt: string | null;
}
