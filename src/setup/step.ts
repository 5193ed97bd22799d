/** What one step of the way came to. */
export interface SetupStep {
	name: 'discover' | 'init' | 'check' | 'serve' | 'selfcheck';
	/** `not-asked` is left to the user by their own choice; `not-done` was wanted and is not so. */
	outcome: 'done' | 'unchanged' | 'not-asked' | 'not-done';
	/** What was done, or why not and what to do; one sentence a line. */
	text: string;
}

export type OnStep = (step: SetupStep) => void;
