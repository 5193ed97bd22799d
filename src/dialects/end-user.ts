import { hash } from 'node:crypto';

/** OpenAI's own bound, characters. Claude Code's names are longer: they hold an account and a session. */
const LONGEST_NAME = 64;

/** Who a person is, which Anthropic refuses to be told: an address for mail, or a number of a telephone. */
const personal = /[^\s@]+@[^\s@]+\.[^\s@]+|^\+?[\d\s().-]{7,}$/;

/** The name of an end user as OpenAI takes it: a long one is replaced by one that is the same for the same. */
export function shortName(user: string | undefined): string | undefined {
	return user === undefined || user.length <= LONGEST_NAME ? user : anonymous(user);
}

/** The name of an end user as Anthropic takes it. */
export function impersonalName(user: string | undefined): string | undefined {
	return user === undefined || !personal.test(user) ? user : anonymous(user);
}

function anonymous(user: string): string {
	return hash('sha256', user, 'hex');
}
