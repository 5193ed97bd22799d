/** A key could not be fetched. None of it holds a key, nor what a server or a command said. */
export interface KeyTrouble {
	/** Why, as a clause: `the command printed 2 lines, where a key is one`. */
	what: string;
	/** There is a key, which serves on. */
	hasKey: boolean;
	/** Until when that one lives; undefined where nobody knows. ms of the process's clock. */
	diesAt: number | undefined;
	/** When it is tried again, ms of the process's clock. */
	retryAt: number;
}
