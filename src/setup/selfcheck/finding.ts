/** One thing that was found out. It holds no key. */
export interface SelfcheckFinding {
	outcome: 'ok' | 'warn' | 'fail';
	/** What was looked at: `proxy`, `profile default`, `provider openai#1`. */
	about: string;
	/** What is so, and after a semicolon what to do; one line. */
	text: string;
}

export function ok(about: string, text: string): SelfcheckFinding {
	return { outcome: 'ok', about, text };
}

export function warn(about: string, text: string): SelfcheckFinding {
	return { outcome: 'warn', about, text };
}

export function fail(about: string, text: string): SelfcheckFinding {
	return { outcome: 'fail', about, text };
}
