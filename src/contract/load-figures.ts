/** Why a request or a connection was turned away: too much was asked of this process at once. */
export const shedReasons = ['requests', 'connections', 'memory', 'event_loop', 'descriptors', 'caller_share'] as const;
export type ShedReason = (typeof shedReasons)[number];

/** How much is asked of this process at this moment, and how often it has turned something away. */
export interface LoadFigures {
	readonly requests: number;
	readonly connections: number;
	/** What requests in flight hold: bodies and answers, bytes. */
	readonly bytes: number;
	/** How many bytes they may hold. */
	readonly byteLimit: number;
	readonly shed: Readonly<Record<ShedReason, number>>;
}
